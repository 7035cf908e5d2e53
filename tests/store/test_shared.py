"""An address that several programs use: an alias under our name, an index in each database."""

from pathlib import Path

import pytest
from milvus_server import Server
from pymilvus import MilvusClient
from store_data import CONTENTS, FIRST_AXIS, fingerprint

from recsys_cli.config import StoreConfig
from recsys_cli.errors import StoreError
from recsys_cli.store import open_store

_THEIRS = "the collection 'theirs' was not made by recsys: choose another name with --collection"


def test_alias_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = str(tmp_path / "shared.db")
    with open_store(StoreConfig(uri=path)):
        others = MilvusClient(path)
        others.create_collection("theirs", dimension=4)
        others.create_alias("theirs", "recsys")
    with pytest.raises(StoreError) as caught:
        open_store(StoreConfig(uri=path))
    assert str(caught.value) == _THEIRS
    with open_store(StoreConfig(uri=path, collection="ours")):
        others = MilvusClient(path)
        assert others.list_collections() == ["theirs"]
        assert others.describe_alias("recsys")["collection_name"] == "theirs"


@pytest.mark.parametrize("deed", ["drop", "write"])
def test_alias_that_another_program_makes_while_the_store_is_open_is_left_alone(tmp_path: Path, deed: str) -> None:
    path = str(tmp_path / "shared.db")
    with open_store(StoreConfig(uri=path)) as store:
        others = MilvusClient(path)
        others.create_collection("theirs", dimension=4)
        others.create_alias("theirs", "recsys")
        with pytest.raises(StoreError) as caught:
            store.drop() if deed == "drop" else store.write(CONTENTS["old"], fingerprint("old"))
        assert str(caught.value) == _THEIRS
        assert others.list_collections() == ["theirs"]
        assert others.describe_alias("recsys")["collection_name"] == "theirs"


@pytest.mark.slow
def test_each_database_of_a_server_has_an_index_of_its_own(milvus_server: Server) -> None:
    plain = milvus_server.config()
    theirs = MilvusClient(uri=plain.uri, token=plain.token, server_pem_path=str(plain.ca_path), dedicated=True)
    theirs.create_database("films")
    first = milvus_server.config(collection="shared")
    second = milvus_server.config(collection="shared", database="films")
    with open_store(first) as one, open_store(second) as two:
        one.write(CONTENTS["old"], fingerprint("old"))
        assert two.describe().fingerprint is None
        two.write(CONTENTS["new"], fingerprint("new"))
    with open_store(first) as one, open_store(second) as two:
        assert (one.fingerprint, two.fingerprint) == (fingerprint("old"), fingerprint("new"))
        assert one.search(FIRST_AXIS, 2)[0].movie_ids.tolist() == [40, 10]
        assert two.search(FIRST_AXIS, 2)[0].movie_ids.tolist() == [40, 15]
        assert len(two.drop()) == 1
        assert one.search(FIRST_AXIS, 2)[0].movie_ids.tolist() == [40, 10]
        assert one.describe().others == two.describe().others == ()
        one.drop()
    theirs.drop_database("films")
    theirs.close()
