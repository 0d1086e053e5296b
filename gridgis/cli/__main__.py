"""`python -m gridgis.cli`."""

from gridgis.cli import main

if __name__ == "__main__":
    main()
