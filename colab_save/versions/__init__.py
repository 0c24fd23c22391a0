"""The life of a version: its states, and the modules that move it from one to the next.

A version is a folder in a store. Its ``manifest.json`` is the commit: it is written last and, for a deletion or a
removal, renamed first. Whenever a process is killed, each version is therefore in one of these states:

    state          in the store                             lists and loads
    -------------  ---------------------------------------  -------------------------------------------
    staged         nothing; all files on the local disk     do not see it
    pending        nothing, or unfinished; a local copy     do not see it; `pending.pending` lists it
    unfinished     files, no manifest                       lists mention it
    committed      all files and the manifest               see it
    not whole      the manifest; a file missing or short    list it as missing, load the one before it
    damaged        a manifest that cannot be read           list it as damaged, load the one before it
    deleted        ``deleted-TIME.json``, all files         do not see it; `listing.list_deleted` lists it
    being removed  ``removed.json``, ever fewer files       treat it as unfinished
    gone           nothing                                  do not see it

    from                 to                     moved by      when
    -------------------  ---------------------  ------------  ------------------------------------------------
    staged               pending                pending       the store uploads later
    staged, pending      unfinished, committed  publishing    a save, or `pending.publish_local_copies`
    unfinished           gone                   publishing    the save fails, or a later one finds it a day old
    committed            committed              curating      other tags: the manifest is written again
    committed            no local copy          pending,      the upload is known; everything was flushed
                                                uploading
    committed            not whole              nobody        the runtime ends before Drive has uploaded it
    not whole            committed              publishing    `pending.publish_local_copies`
    committed            being removed, gone    pruning       retention, after a newer commit of its kind (model or
                                                              export); never with a tag
    committed, damaged   deleted                curating      `curating.delete_version`
    deleted              committed              curating      `curating.restore_version`, if all files are there
    deleted              gone                   publishing    a save of that name, a day after the deletion
    committed, damaged,  being removed, gone    curating,     `curating.delete_version` for good
    deleted                                     pruning

A plain save is committed in a folder beside its path; then its payload is moved to the path:

    state            its payload                               moved by
    ---------------  ----------------------------------------  --------------------------------------------
    committed        in its own folder in ``NAME.colab_save``  publishing
    in place         at the path                               replacing
    replaced, needed back in its own folder, or ``previous``   replacing, while the newer one may still be lost
    replaced, gone   removed                                   publishing, once the newer one is uploaded or a
                                                               day old
"""
