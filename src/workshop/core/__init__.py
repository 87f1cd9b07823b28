"""What every room needs: settings, private files, ports, the Azure CLI."""
