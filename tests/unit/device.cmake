# SPDX-License-Identifier: BSD-3-Clause
# The device side against a mock driver that writes its rings by hand.

foreach(name vq mmio_v1 mmio_v2 net rng)
  hvl_add_test(test_dev_${name} LABEL unit SOURCES test_dev_${name}.c
    LIBS hvl::device hvl::metal)
endforeach()
