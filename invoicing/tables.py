"""Every table of the core, so that the metadata is whole wherever it is needed."""

from invoicing import journal, numbering
from invoicing.accounts import models as accounts
from invoicing.campaigns import models as campaigns
from invoicing.customers import models as customers
from invoicing.database import Base
from invoicing.delivery import models as delivery
from invoicing.documents import models as documents
from invoicing.imports import models as imports
from invoicing.invoices import models as invoices
from invoicing.ledger import models as ledger
from invoicing.lettering import models as lettering
from invoicing.payments import models as payments
from invoicing.proof import models as proof
from invoicing.sellers import models as sellers
from invoicing.shop import models as shop
from invoicing.taxes import models as taxes
from invoicing.traces import models as traces
from invoicing.zone import models as zone

__all__ = [
           "accounts",
           "campaigns",
           "customers",
           "delivery",
           "documents",
           "imports",
           "invoices",
           "journal",
           "ledger",
           "lettering",
           "metadata",
           "numbering",
           "payments",
           "proof",
           "sellers",
           "shop",
           "taxes",
           "traces",
           "zone",
]  # fmt: skip

metadata = Base.metadata
