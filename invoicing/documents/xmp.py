"""What a PDF says of itself, as XMP: ISO 16684-1, with the identifiers of PDF/A-3, PDF/UA-1 and Factur-X."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final
from xml.sax.saxutils import escape

_PACKET: Final = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/" \
xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<pdfaid:part>3</pdfaid:part><pdfaid:conformance>U</pdfaid:conformance>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{subject}</rdf:li></rdf:Alt></dc:description>
<dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>
<pdf:Producer>{maker}</pdf:Producer><xmp:CreatorTool>{maker}</xmp:CreatorTool>
<xmp:CreateDate>{moment}</xmp:CreateDate><xmp:ModifyDate>{moment}</xmp:ModifyDate>
</rdf:Description>{claims}
</rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""
_TAGGED: Final = """
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"><pdfuaid:part>1</pdfuaid:part>\
</rdf:Description>"""
_FACTUR_X: Final = """
<rdf:Description rdf:about="" xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#">\
<fx:DocumentType>INVOICE</fx:DocumentType><fx:DocumentFileName>factur-x.xml</fx:DocumentFileName>\
<fx:Version>1.0</fx:Version><fx:ConformanceLevel>EN 16931</fx:ConformanceLevel></rdf:Description>"""
_EXTENSIONS: Final = """
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" \
xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag>{schemas}
</rdf:Bag></pdfaExtension:schemas></rdf:Description>"""
_SCHEMA: Final = """
<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>{name}</pdfaSchema:schema>\
<pdfaSchema:namespaceURI>{uri}</pdfaSchema:namespaceURI><pdfaSchema:prefix>{prefix}</pdfaSchema:prefix>\
<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property></rdf:li>"""
_PROPERTY: Final = """
<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>\
<pdfaProperty:valueType>{kind}</pdfaProperty:valueType><pdfaProperty:category>{category}</pdfaProperty:category>\
<pdfaProperty:description>{meaning}</pdfaProperty:description></rdf:li>"""


def _schema(name: str, uri: str, prefix: str, kind: str, category: str, properties: dict[str, str]) -> str:
    """One schema that PDF/A doesn't know by itself (ISO 19005-3, 6.6.2.3.2)."""
    told = (
        _PROPERTY.format(name=key, kind=kind, category=category, meaning=meaning) for key, meaning in properties.items()
    )
    return _SCHEMA.format(name=name, uri=uri, prefix=prefix, properties="".join(told))


_UA_SCHEMA: Final = _schema(
    "PDF/UA identification", "http://www.aiim.org/pdfua/ns/id/", "pdfuaid", "Integer", "internal",
    {"part": "Part of ISO 14289 that the document conforms to"},
)  # fmt: skip
_FX_SCHEMA: Final = _schema(
    "Factur-X PDFA Extension Schema", "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#", "fx", "Text", "external",
    {"DocumentFileName": "Name of the embedded XML invoice file", "DocumentType": "INVOICE",
     "Version": "Version of the Factur-X standard", "ConformanceLevel": "Profile of the embedded XML invoice"},
)  # fmt: skip


@dataclass(frozen=True)
class About:
    """What the PDF says of itself, in the Info dictionary and in XMP alike. `language` in BCP 47."""

    title: str
    author: str
    subject: str
    language: str
    made_on: date
    maker: str = "Lettrine"

    @property
    def pdf_date(self) -> str:
        """As in ISO 32000-1, 7.9.4."""
        return f"D:{self.made_on:%Y%m%d}000000Z"


def packet(about: About, *, tagged: bool, structured: bool) -> bytes:
    """The XMP packet; `tagged` claims PDF/UA-1, `structured` an embedded Factur-X invoice."""
    claims, schemas = "", ""
    if tagged:
        claims, schemas = claims + _TAGGED, schemas + _UA_SCHEMA
    if structured:
        claims, schemas = claims + _FACTUR_X, schemas + _FX_SCHEMA
    texts = {name: escape(getattr(about, name)) for name in ("title", "author", "subject", "language", "maker")}
    moment = f"{about.made_on.isoformat()}T00:00:00Z"
    told = claims + (_EXTENSIONS.format(schemas=schemas) if schemas else "")
    return _PACKET.format(**texts, moment=moment, claims=told).encode()
