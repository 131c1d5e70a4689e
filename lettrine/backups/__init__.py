"""Backups: one folder holds all that an installation is, apart from its keys; `restore` makes it anew and proves it.

DIR/archive/ab/cd/abcd…            archived files under their SHA-256, shared by all backups in DIR
DIR/20261127T174000.512846Z-3f9a/  one backup: the database, the anchors, which files belong to it
DIR/…/manifest.json                written last, keyed: without it, or altered, it is no backup
"""
