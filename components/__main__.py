"""The component provider's entry point: what `pulumi package add` runs."""

from pulumi_portico.host import main

if __name__ == "__main__":
    main()
