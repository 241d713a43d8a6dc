-- One row a phenomenon in a saved version of an annotator's answer about a unit; append-only.
create table annotation (
    unit integer, -- 0-based channel
    annotator varchar,
    version integer, -- from 1, the latest holds
    position integer, -- of the phenomenon in the answer
    recognizable boolean,
    phenomenon varchar,
    category varchar, -- of the domain's terms
    terms varchar, -- of the category, joined by '; '
    association varchar, -- how far it goes with the domain's most severe class
    confidence varchar,
    repeat boolean, -- a hidden second question, which replaces no answer
    checkpoint varchar, -- hash of the network the answer is about
    saved_at timestamp
)
