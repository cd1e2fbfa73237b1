"""`python -m app` is `halodeck`."""

from app.main import main

if __name__ == "__main__":
    main()
