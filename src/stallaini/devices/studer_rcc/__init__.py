"""The one-minute CSV datalog that a Studer RCC-02, RCC-03 or Xcom writes to its SD card."""
