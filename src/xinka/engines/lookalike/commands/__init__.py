"""The commands of this engine under ``xinka guard``; each module is imported when it is called."""
