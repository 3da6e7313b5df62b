"""A broker in virtual time: subscriptions, retained messages and Last Wills."""

from collections.abc import Callable, Collection
from random import Random
from typing import NamedTuple

from replay.virtual.network.network import Leg
from replay.virtual.schedule import Schedule
from stimulators.wire.messages import Wire
from stimulators.wire.topics import Topic

#: How long a client needs to come back once the broker can be reached.
RECONNECT_US = 200_000


class Post(NamedTuple):
    """One message on its topic: `name` is the device's, where the topic has one."""

    topic: Topic
    name: str
    message: Wire


class Client:
    """One client's connection.

    Parameters
    ----------
    broker : Broker
        Where it connects.
    topics : collection of Topic
        What it hears.
    name : str
        The device whose topics it hears; every device's where empty.
    hear : callable
        Takes a post that arrived, and whether the broker had kept it.
    change_link : callable
        Takes whether there is a link now, and why not.
    will : callable, optional
        Returns what the broker says when the connection is lost.

    Attributes
    ----------
    up, down : Leg
        To the broker, and from it.
    is_up : bool
        Whether there is a link.
    lost_topics : set of Topic
        Messages on these are lost, whoever sends them.
    """

    def __init__(
        self,
        broker: "Broker",
        *,
        topics: Collection[Topic],
        hear: Callable[[Post, bool], None],
        change_link: Callable[[bool, str], None],
        name: str = "",
        will: Callable[[], Post] | None = None,
    ) -> None:
        self.up = Leg(broker.schedule, broker.random)
        self.down = Leg(broker.schedule, broker.random)
        self.is_up = False
        self.lost_topics: set[Topic] = set()
        self.hear = hear
        self.will = will
        self._broker = broker
        self._addresses = {topic.address for topic in topics}
        self._name = name
        self._change_link = change_link
        self._is_gone = False

    def connect(self) -> None:
        """Connect as soon as the broker can be reached."""
        if self.is_up or self._is_gone:
            return
        if not self._broker.is_up:
            self._broker.schedule.after(RECONNECT_US, self.connect)
            return
        self.is_up = True
        self._broker.clients.append(self)
        self._change_link(True, "")  # noqa: FBT003 the shape of the seam
        for kept in tuple(self._broker.kept.values()):
            if self.wants(kept):
                self._carry(kept, retained=True)

    def disconnect(self, reason: str, *, back_after_us: int | None = RECONNECT_US) -> None:
        """Lose the connection, with its Last Will; None for `back_after_us` is for ever."""
        self._is_gone = self._is_gone or back_after_us is None
        if self.is_up:
            self.is_up = False
            self.up.cut()
            self.down.cut()
            self._broker.clients.remove(self)
            if self.will is not None and self._broker.is_up:
                self._broker.route(self.will(), retain=True)
            self._change_link(False, reason)  # noqa: FBT003 the shape of the seam
        if back_after_us is not None:
            self._broker.schedule.after(back_after_us, self.connect)

    def publish(self, topic: Topic, message: Wire, name: str = "") -> bool:
        """Send a message to the broker; False where there is no link."""
        if not self.is_up:
            return False
        post = Post(topic, name, message)
        if topic in self.lost_topics:
            return True
        # What a broker keeps gets through in the end, where the connection holds.
        self.up.carry(lambda: self._broker.route(post, retain=topic.retain), is_sure=topic.retain)
        return True

    def wants(self, post: Post) -> bool:
        """Say whether the client hears this topic."""
        if post.topic in self.lost_topics:
            return False
        is_its_name = not self._name or not post.name or post.name == self._name
        return is_its_name and post.topic.address in self._addresses

    def take(self, post: Post) -> None:
        """Take what the broker hands on."""
        self._carry(post, retained=False)

    def _carry(self, post: Post, *, retained: bool) -> None:
        self.down.carry(lambda: self.hear(post, retained), is_sure=post.topic.retain)


class Broker:
    """Hands every message on to who hears its topic, and keeps what is to be kept.

    Parameters
    ----------
    schedule : Schedule
        The virtual time.
    random : Random
        What decides what the network does.

    Attributes
    ----------
    is_up : bool
        Whether it can be reached.
    clients : list of Client
        Those that are connected.
    kept : dict
        The newest message of every topic that is retained.
    """

    def __init__(self, schedule: Schedule, random: Random) -> None:
        self.schedule = schedule
        self.random = random
        self.is_up = True
        self.clients: list[Client] = []
        self.kept: dict[tuple[str, str], Post] = {}

    def route(self, post: Post, *, retain: bool) -> None:
        """Hand a message on."""
        if retain:
            self.kept[post.topic.address, post.name] = post
        for client in tuple(self.clients):
            if client.wants(post):
                client.take(post)

    def fail(self, down_us: int, *, forgets: bool) -> None:
        """Be gone for a while; what was kept is lost where it was only in memory."""
        if not self.is_up:
            return
        self.is_up = False
        for client in tuple(self.clients):
            client.disconnect("the broker is gone", back_after_us=down_us + RECONNECT_US)
        if forgets:
            self.kept.clear()
        self.schedule.after(down_us, self._return)

    def _return(self) -> None:
        self.is_up = True
