-- One row: what the images are of, as its file says it.
select text from domain
