"""Studer's two protocols - SCOM and Xcom-CAN public -, its objects and messages. A library: no manifest."""
