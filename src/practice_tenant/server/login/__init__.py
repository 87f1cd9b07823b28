"""What ``login.microsoftonline.com`` answers."""
