# SPDX-License-Identifier: BSD-3-Clause
#
# HvlFuzz - fuzzers: one harness for each consumer of other people's bytes
#
#   hvl_add_fuzzer(<name> CORPUS <dir> SOURCES <file>... [LIBS <target>...]
#                  [INCLUDES <dir>...] [PROGRAM])
#       Program <name> around LLVMFuzzerTestOneInput(), with the seeds and
#       past crashes in CORPUS (relative to the current folder). Its tests have
#       the label `fuzz`:
#         <name>_corpus  every file of the corpus, once
#         <name>_run     with HVL_FUZZ only: FUZZ_SECONDS seconds of new input
#       PROGRAM: the input is a program as in fuzz/program.h, and a second
#       thread may write while it runs (fuzz/race.h).
#       With HVL_FUZZ (preset `fuzz`, clang) it is linked with libFuzzer; in
#       any other build replay.c runs the corpus, with that build's compiler
#       and sanitizers.

include_guard(GLOBAL)

set(hvl_fuzz_dir "${PROJECT_SOURCE_DIR}/fuzz")

if(HVL_FUZZ AND NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "HVL_FUZZ needs clang: use the preset `fuzz`.")
endif()

function(hvl_add_fuzzer name)
  cmake_parse_arguments(PARSE_ARGV 1 A "PROGRAM" "CORPUS"
    "SOURCES;LIBS;INCLUDES")
  get_filename_component(corpus "${A_CORPUS}" ABSOLUTE)

  add_executable(${name} ${A_SOURCES})
  hvl_host(${name})
  target_link_libraries(${name} PRIVATE ${A_LIBS})
  target_include_directories(${name} PRIVATE "${hvl_fuzz_dir}" ${A_INCLUDES})
  if(A_PROGRAM)
    target_link_libraries(${name} PRIVATE hvl_fuzz_race)
  endif()
  set(replay ${name})
  if(HVL_FUZZ)
    if(A_PROGRAM)
      target_sources(${name} PRIVATE "${hvl_fuzz_dir}/mutate.c")
    endif()
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    list(APPEND replay -runs=0 -error_exitcode=1)
    hvl_add_script_test(${name}_run LABEL fuzz TIMEOUT 100000
      COMMAND "${hvl_fuzz_dir}/run" $<TARGET_FILE:${name}> "${corpus}"
        "${CMAKE_CURRENT_BINARY_DIR}/${name}.work"
      DEPENDS ${name})
  else()
    target_sources(${name} PRIVATE "${hvl_fuzz_dir}/replay.c")
  endif()
  hvl_add_script_test(${name}_corpus LABEL fuzz COMMAND ${replay} "${corpus}"
    DEPENDS ${name})
endfunction()
