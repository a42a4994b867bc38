"""What a site is: quantities, channels, series, its description, the check of its file. No I/O, no clock."""
