//! What the process needs beside the controllers: settings, logs, metrics, probes, an orderly end.
