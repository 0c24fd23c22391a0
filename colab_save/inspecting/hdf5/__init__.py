"""The structure of HDF5 files, read without libhdf5."""
