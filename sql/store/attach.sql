-- Opens a file whose groups of rows are as small as they may be: a batch fills one, which is then written once.
attach $file as store (row_group_size 2048)
