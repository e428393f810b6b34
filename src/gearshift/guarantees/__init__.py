"""What can be promised about quality, from judged answers, and with what confidence."""
