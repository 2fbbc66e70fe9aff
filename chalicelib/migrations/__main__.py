from chalicelib.migrations import upgrade

upgrade()
