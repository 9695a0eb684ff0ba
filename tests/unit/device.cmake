# SPDX-License-Identifier: BSD-3-Clause
# The device side against a mock driver that writes its rings by hand.

hvl_add_test(test_dev_vq LABEL unit SOURCES test_dev_vq.c
  LIBS hvl::device_vq hvl::metal)
