# SPDX-License-Identifier: BSD-3-Clause
# Both libraries on a simulated machine, with a port of its own; each source of
# theirs has its ordering and cache operations numbered.

file(GLOB sim_library CONFIGURE_DEPENDS
  "${PROJECT_SOURCE_DIR}/lib/driver/*.c"
  "${PROJECT_SOURCE_DIR}/lib/device/*.c")

add_library(sim_library OBJECT ${sim_library})
hvl_host(sim_library)
target_include_directories(sim_library PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_compile_definitions(sim_library PRIVATE HVL_METAL_PORT_H="sim_port.h")
target_compile_options(sim_library PRIVATE -include sim_sites.h)

add_library(sim_machine STATIC sim.c sim_caches.c sim_sites.c sim_weak.c
  traffic.c traffic_host.c traffic_net.c traffic_net_many.c
  traffic_older.c traffic_rng.c traffic_trap.c
  $<TARGET_OBJECTS:sim_library>
  "${PROJECT_SOURCE_DIR}/lib/metal/format.c"
  "${PROJECT_SOURCE_DIR}/lib/metal/io.c"
  "${PROJECT_SOURCE_DIR}/lib/metal/log.c")
hvl_host(sim_machine)
target_include_directories(sim_machine PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}
  PRIVATE "${PROJECT_SOURCE_DIR}/lib/device")
target_compile_definitions(sim_machine PUBLIC HVL_METAL_PORT_H="sim_port.h")

hvl_add_test(test_sim_machine LABEL sim SOURCES test_sim_machine.c
  LIBS sim_machine)

add_executable(test_sim_traffic test_sim_traffic.c)
hvl_host(test_sim_traffic)
target_link_libraries(test_sim_traffic PRIVATE sim_machine)

foreach(machine weak caches)
  hvl_add_script_test(test_sim_${machine} LABEL sim
    COMMAND test_sim_traffic ${machine} TIMEOUT 600 DEPENDS test_sim_traffic)
endforeach()

add_executable(sim_mutants sim_mutants.c)
hvl_host(sim_mutants)
target_link_libraries(sim_mutants PRIVATE sim_machine)
hvl_add_script_test(test_sim_mutants LABEL sim
  COMMAND sim_mutants replay "${CMAKE_CURRENT_SOURCE_DIR}/mutants.txt"
  TIMEOUT 900 DEPENDS sim_mutants)
