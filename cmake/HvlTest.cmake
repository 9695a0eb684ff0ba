# SPDX-License-Identifier: BSD-3-Clause
#
# HvlTest - tests, each its own CTest entry with a label and a deadline
#
#   hvl_add_test(<name> LABEL unit|loop|hostile|sim|system|model SOURCES <file>...
#                [LIBS <target>...] [INCLUDES <dir>...] [DEFINES <def>...]
#                [TIMEOUT <seconds>] [ARGS <arg>...] [SERIAL])
#       cmocka program and its CTest entry. TIMEOUT is 300 if not given: it
#       is for what hangs, not for what a busy machine makes slow.
#
#   hvl_add_script_test(<name> LABEL <label> COMMAND <program> [<arg>...]
#                [TIMEOUT <seconds>] [DEPENDS <target>...] [SERIAL])
#       CTest entry for any command; exit status 77 means skipped. DEPENDS
#       are built with the label's target.
#
# LABEL may be followed by further labels: `threads` puts a test beside the loop
# tests under ThreadSanitizer, `demo` puts a system test into `make check-fast`.
# SERIAL runs it alone: for tests that measure. The target hvl_tests_<label>
# builds what the tests of that label need. Use $<TARGET_FILE:...> and
# ${HVL_FIRMWARE_DIR} in commands, never a path of one preset.

include_guard(GLOBAL)

set(HVL_TEST_LABELS unit loop hostile sim system model fuzz)
set(HVL_TEST_ENV
  "ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1"
  "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1"
  "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1")

if(HVL_BUILD_TESTS)
  foreach(label IN LISTS HVL_TEST_LABELS ITEMS threads demo)
    add_custom_target(hvl_tests_${label})
  endforeach()
endif()

function(hvl_test_properties name)
  cmake_parse_arguments(PARSE_ARGV 1 A "" "SERIAL;TIMEOUT" "LABEL;DEPENDS")
  list(GET A_LABEL 0 first)
  if(NOT first IN_LIST HVL_TEST_LABELS)
    message(FATAL_ERROR "Test ${name}: LABEL must be one of "
      "${HVL_TEST_LABELS}")
  endif()
  if(NOT A_TIMEOUT)
    set(A_TIMEOUT 300)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${A_LABEL}"
    TIMEOUT ${A_TIMEOUT} RUN_SERIAL ${A_SERIAL} SKIP_RETURN_CODE 77
    ENVIRONMENT "${HVL_TEST_ENV}")
  foreach(label IN LISTS A_LABEL)
    if(A_DEPENDS AND TARGET hvl_tests_${label})
      add_dependencies(hvl_tests_${label} ${A_DEPENDS})
    endif()
  endforeach()
endfunction()

function(hvl_add_test name)
  if(NOT HVL_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 A "SERIAL" "TIMEOUT"
    "LABEL;SOURCES;LIBS;INCLUDES;DEFINES;ARGS")
  add_executable(${name} ${A_SOURCES})
  hvl_host(${name})
  target_link_libraries(${name} PRIVATE ${A_LIBS} hvl::cmocka)
  target_include_directories(${name} PRIVATE ${A_INCLUDES})
  target_compile_definitions(${name} PRIVATE ${A_DEFINES})
  add_test(NAME ${name} COMMAND ${name} ${A_ARGS})
  hvl_test_properties(${name} LABEL ${A_LABEL} TIMEOUT ${A_TIMEOUT}
    DEPENDS ${name} SERIAL ${A_SERIAL})
endfunction()

function(hvl_add_script_test name)
  if(NOT HVL_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 A "SERIAL" "TIMEOUT"
    "LABEL;COMMAND;DEPENDS")
  add_test(NAME ${name} COMMAND ${A_COMMAND})
  hvl_test_properties(${name} LABEL ${A_LABEL} TIMEOUT ${A_TIMEOUT}
    DEPENDS ${A_DEPENDS} SERIAL ${A_SERIAL})
endfunction()
