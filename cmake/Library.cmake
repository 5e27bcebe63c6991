# renewd_library(<folder> SOURCES <file>... [USES <folder>...] [LINKS <target>...])
#
# One static library a folder. USES names the folders whose headers it may include: a file that includes another
# one's header stops the configuration, so the arrows of docs/architecture.md stay true.
function(renewd_library folder)
  cmake_parse_arguments(arg "" "" "SOURCES;USES;LINKS" ${ARGN})
  set(library renewd_${folder})
  add_library(${library} STATIC ${arg_SOURCES})
  target_link_libraries(${library} PUBLIC renewd::options ${arg_LINKS})
  foreach(used IN LISTS arg_USES)
    target_link_libraries(${library} PUBLIC renewd_${used})
  endforeach()

  file(GLOB files CONFIGURE_DEPENDS *.cpp *.hpp)
  foreach(file IN LISTS files)
    file(STRINGS ${file} includes REGEX "^#include \"[a-z_]+/")
    foreach(include IN LISTS includes)
      string(REGEX REPLACE "^#include \"([a-z_]+)/.*" "\\1" target_folder "${include}")
      if(include MATCHES "configuration/settings.hpp")
        set(target_folder settings) # the plain structs are everybody's; the loader, and YAML with it, are not
      endif()
      if(NOT target_folder STREQUAL folder AND NOT target_folder IN_LIST arg_USES)
        message(FATAL_ERROR "${file} includes ${target_folder}/, which ${folder}/ does not use. "
                            "Dependencies point one way; see docs/architecture.md.")
      endif()
    endforeach()
  endforeach()
endfunction()
