"""What Moodle hands out and takes back: worksheet, feedback files, web service. Trusted side."""
