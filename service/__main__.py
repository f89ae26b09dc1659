"""`python -m service` is `juanzong`."""

from service.cli import main

if __name__ == "__main__":
    main()
