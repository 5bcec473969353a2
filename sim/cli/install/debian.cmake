# What Debian's policy has differently (chapter 12): called by CPack between installing and packing.
set(tree ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr)
set(documents ${tree}/share/doc/dgsim)

# One file for the licences; the text of the GPL is on every Debian system.
file(REMOVE ${documents}/LICENSE)
file(READ ${documents}/MIT.txt mit)
file(REMOVE ${documents}/MIT.txt)
string(REGEX REPLACE "^.*\n\n(Permission is hereby)" "\\1" mit "${mit}")
string(REGEX REPLACE "\n+$" "" mit "${mit}")
string(REPLACE "\n\n" "\n.\n" mit "${mit}")
string(REPLACE "\n" "\n " mit "${mit}")
string(TIMESTAMP year %Y UTC) # of SOURCE_DATE_EPOCH where that is set
configure_file(${CMAKE_CURRENT_LIST_DIR}/copyright.in ${documents}/copyright @ONLY)

# Both changelogs.
file(RENAME ${documents}/CHANGELOG.md ${documents}/changelog)
string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${documents}/changelog.Debian
"dgsim (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium

  * Version ${CPACK_PACKAGE_VERSION}: what is in it is in changelog.gz.

 -- ${CPACK_PACKAGE_CONTACT}  ${now}
")
execute_process(COMMAND gzip -9n ${documents}/changelog ${documents}/changelog.Debian ${tree}/share/man/man1/dgsim.1
                COMMAND_ERROR_IS_FATAL ANY)

# Whatever the umask is.
execute_process(COMMAND find ${tree} -type d -exec chmod 755 {} + COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND find ${documents} -type f -exec chmod 644 {} + COMMAND_ERROR_IS_FATAL ANY)

# The same bytes each time: no file is newer than its source.
if(DEFINED ENV{SOURCE_DATE_EPOCH})
  execute_process(COMMAND find ${CPACK_TEMPORARY_INSTALL_DIRECTORY} -exec touch -h -d @$ENV{SOURCE_DATE_EPOCH} {} +
                  COMMAND_ERROR_IS_FATAL ANY)
endif()
