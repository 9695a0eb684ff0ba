# SPDX-License-Identifier: BSD-3-Clause
#
# HvlParts - hvl_include_parts(): include every *.cmake of the current folder

include_guard(GLOBAL)

function(hvl_include_parts)
  file(GLOB parts CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cmake")
  foreach(part IN LISTS parts)
    include("${part}")
  endforeach()
endfunction()
