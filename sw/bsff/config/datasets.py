"""The catalogue of data sets: one entry each, plain data that the schema, the shapes, the readers and the tables follow.

A data set in a format that `bsff.data` reads is added here and nowhere else.
"""

import dataclasses
from dataclasses import dataclass


@dataclass(frozen=True)
class DataSet:
    """What is known of a data set before a file of it is read."""

    name: str
    """Name in the configuration, ``data.dataset``."""
    title: str
    """Title for people."""
    shape: tuple[int, int, int] | None
    """Height, width and colours of an image; None where only the data tell."""
    format: str
    """How it is stored: a key of `bsff.data.load.READERS`."""
    classes: tuple[str, ...]
    """Name of each class, in the order of the labels; empty where only the data tell."""
    source: str
    """Whose it is, and on what terms it may be used."""
    folders: tuple[str, ...] = ()
    """Where its files may lie below the folder of the data sets; downloads go into the first. Empty: it has no files.
    """
    files: tuple[tuple[str, str], ...] = ()
    """Address and MD5 of each file, as torchvision publishes them; the authors give no stronger checksum. Empty: it is
    not downloaded."""
    home: str = ""
    """Where people get it by hand; needed where `files` is empty."""
    prefix: str = ""
    """IDX: how the names of its files begin, where several data sets share a folder."""
    transposed: bool = False
    """IDX: the files hold the images with rows and columns exchanged."""
    first_label: int = 0
    """IDX: the label of the first class in the files."""
    first_labels: tuple[int, ...] = ()
    """First labels of the training set, to tell apart data sets whose files have the same names; empty if they are not
    known."""
    table_title: str = ""
    """Title in tables of results, where it differs."""


OWN = "own"
"""Name of what is in no catalogue: the user's data, from ``data.path`` or from the caller."""

_DIGITS = tuple("0123456789")
_MNIST = "https://ossci-datasets.s3.amazonaws.com/mnist/"
_FASHION = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
_KMNIST = "http://codh.rois.ac.jp/kmnist/dataset/kmnist/"
_EMNIST = DataSet(
    name="",
    title="",
    shape=(28, 28, 1),
    format="idx",
    classes=(),
    source="G. Cohen, S. Afshar, J. Tapson and A. van Schaik, 2017, from NIST Special Database 19; no licence is stated",
    folders=("emnist", "EMNIST/raw", "EMNIST", "emnist/gzip", "EMNIST/raw/gzip", "gzip", "raw", "."),
    home="https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip",
    transposed=True,
)
_CIFAR100 = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish
forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle
mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar
sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale
willow_tree wolf woman worm
"""
"""The fine labels in their order, which is that of the alphabet."""

DATASETS = {
    entry.name: entry
    for entry in (
        DataSet(
            name="digits",
            title="digits (scikit-learn, 8x8)",
            shape=(8, 8, 1),
            format="sklearn digits",
            classes=_DIGITS,
            source="E. Alpaydin and C. Kaynak, UCI repository, CC BY 4.0; comes with scikit-learn",
            table_title="digits (8x8)",
        ),
        DataSet(
            name="mnist",
            title="MNIST",
            shape=(28, 28, 1),
            format="idx",
            classes=_DIGITS,
            source="Y. LeCun, C. Cortes and C. Burges, CC BY-SA 3.0",
            folders=("mnist", "MNIST/raw", "MNIST", "raw", "."),  # MNIST/raw as torchvision lays it out
            files=(
                (_MNIST + "train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
                (_MNIST + "train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
                (_MNIST + "t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
                (_MNIST + "t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
            ),
            first_labels=(5, 0, 4, 1, 9, 2, 1, 3, 1, 4),
        ),
        DataSet(
            name="fashion",
            title="Fashion-MNIST",
            shape=(28, 28, 1),
            format="idx",
            classes=(
                "T-shirt/top",
                "Trouser",
                "Pullover",
                "Dress",
                "Coat",
                "Sandal",
                "Shirt",
                "Sneaker",
                "Bag",
                "Ankle boot",
            ),
            source="Zalando Research, MIT licence",
            folders=(
                "fashion-mnist",
                "FashionMNIST/raw",
                "Fashion-MNIST/raw",
                "Fashion-MNIST",
                "FashionMNIST",
                "fashion",
                "raw",
                ".",
            ),
            files=(
                (_FASHION + "train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
                (_FASHION + "train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
                (_FASHION + "t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
                (_FASHION + "t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
            ),
            first_labels=(9, 0, 0, 3, 0, 2, 7, 2, 5, 5),
        ),
        DataSet(
            name="cifar10",
            title="CIFAR-10",
            shape=(32, 32, 3),
            format="cifar",
            classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
            source="A. Krizhevsky, 2009; no licence is stated",
            folders=(".", "cifar10", "cifar-10", "cifar10-jpeg", "CIFAR-10-images", "CIFAR-10-images-master"),
            files=(("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a"),),
            table_title="CIFAR-10 (JPEG copy)",  # the rows in this repository were made with one
        ),
        DataSet(
            name="cifar100",
            title="CIFAR-100",
            shape=(32, 32, 3),
            format="cifar100",
            classes=tuple(_CIFAR100.split()),
            source="A. Krizhevsky, 2009; no licence is stated",
            folders=(".", "cifar100", "cifar-100"),
            files=(("https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz", "eb9058c3a382ffc7106e4002c42a8d85"),),
        ),
        DataSet(
            name="kmnist",
            title="Kuzushiji-MNIST",
            shape=(28, 28, 1),
            format="idx",
            classes=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
            source='"KMNIST Dataset" (created by CODH), adapted from "Kuzushiji Dataset" (created by NIJL and others), '
            "doi:10.20676/00000341, CC BY-SA 4.0",
            folders=("kmnist", "KMNIST/raw", "KMNIST", "raw", "."),
            files=(
                (_KMNIST + "train-images-idx3-ubyte.gz", "bdb82020997e1d708af4cf47b453dcf7"),
                (_KMNIST + "train-labels-idx1-ubyte.gz", "e144d726b3acfaa3e44228e80efcd344"),
                (_KMNIST + "t10k-images-idx3-ubyte.gz", "5c965bf0a639b31b8f53240b1b52f4d7"),
                (_KMNIST + "t10k-labels-idx1-ubyte.gz", "7320c461ea6c1c855c0b718fb2a4b134"),
            ),
        ),
        dataclasses.replace(
            _EMNIST,
            name="emnist-letters",
            title="EMNIST Letters",
            classes=tuple("abcdefghijklmnopqrstuvwxyz"),
            prefix="emnist-letters-",
            first_label=1,
        ),
        dataclasses.replace(
            _EMNIST,
            name="emnist-balanced",
            title="EMNIST Balanced",
            classes=tuple("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"),
            prefix="emnist-balanced-",
        ),
        DataSet(name=OWN, title="own data", shape=None, format=OWN, classes=(), source="the user's"),
    )
}
"""Data sets, by name."""
