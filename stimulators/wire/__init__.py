"""How service, devices and operators communicate: messages, topics, signatures, MQTT."""
