#!/bin/sh
# Tonight's model from yesterday's, for a scheduler: scripts/nightly.sh SHOP, where SHOP is a folder.
#
# Every night has a folder of its own, SHOP/nights/TIME, with data, model, index and lists; SHOP/current is a
# link to the one in use. What goes wrong, or is killed, leaves the link where it was; the next run begins anew.
#
#   EXPORT    the program that writes movies, users and ratings into the folder it is given
#   REQUIRE   what tonight's model must reach beside yesterday's
#   OPTIONS   of a training anew; the others take the options of the model they start at
#   ANEW      1 trains anew: once a week, say
set -eu
cd "$1"
exec 9> nightly.lock
flock -n 9 || { echo "another night is still running" >&2; exit 75; }

tonight=nights/$(date -u +%Y-%m-%dT%H.%M.%S).$$
yesterday=$(readlink current || true)
mkdir -p nights
mkdir "$tonight" "$tonight/data"
"${EXPORT:?names the program that exports}" "$tonight/data"
recsys check "$tonight/data" > "$tonight/check.txt"

if [ -z "$yesterday" ]; then
    recsys train --data "$tonight/data" --model "$tonight/model" ${OPTIONS:-}
else
    if [ -n "${ANEW:-}" ]; then
        recsys train --data "$tonight/data" --model "$tonight/model" --beside "$yesterday/model" ${OPTIONS:-}
    else
        recsys train --data "$tonight/data" --model "$tonight/model" --from "$yesterday/model"
    fi
    recsys compare "$yesterday/model" "$tonight/model" --require "${REQUIRE:-ndcg@10 >= -2%}" \
        > "$tonight/compare.txt"
fi

recsys index --rebuild --model "$tonight/model" > "$tonight/index.txt"
recsys recommend --users "$tonight/data/users.dat" --model "$tonight/model" -k 20 -o "$tonight/lists.csv"

ln -sfn "$tonight" next
mv -T next current    # one rename: model, index and lists change at once

# Yesterday's stays, for who is still reading it and for going back.
for night in nights/*; do
    case $night in "$tonight" | "$yesterday") ;; *) rm -rf "$night" ;; esac
done
