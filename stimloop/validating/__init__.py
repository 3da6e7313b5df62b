"""What the commands on recordings print, write and draw."""
