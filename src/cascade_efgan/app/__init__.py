"""The web page of `efgan app`: a local service and its static front end. Only that command imports it."""
