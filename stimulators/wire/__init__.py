"""How service, devices and operators speak: messages, topics, MQTT."""
