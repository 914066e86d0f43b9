"""The NEXMark queries in plain Python over lists of events, written from their definition alone."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

RATE = Decimal("0.908")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Answers:
    """Results as lists of dicts, from ``persons``, ``auctions`` and ``bids`` in the order in which they came."""

    def __init__(self, persons, auctions, bids, side):
        self.persons, self.auctions, self.bids, self.side = persons, auctions, bids, side

    def of(self, number):
        return list(getattr(self, f"q{number}")())

    def q0(self):
        return pick(self.bids, "auction bidder price date_time extra")

    def q1(self):
        for bid in self.q0():
            yield {**bid, "price": bid["price"] * RATE}

    def q2(self):
        return pick([b for b in self.bids if b["auction"] % 123 == 0], "auction price")

    def q3(self):
        sellers = {p["id"]: p for p in self.persons if p["state"] in {"OR", "ID", "CA"}}
        for auction in self.auctions:
            if auction["category"] == 10 and (seller := sellers.get(auction["seller"])):
                yield {**only(seller, "name city state"), "auction_id": auction["id"]}

    def q4(self):
        prices = defaultdict(list)
        for auction, bid in self.winners():
            prices[auction["category"]].append(bid["price"])
        return [{"category": category, "avg": average(found)} for category, found in prices.items()]

    def q5(self):
        starts = defaultdict(lambda: defaultdict(int))
        for bid in self.bids:
            latest = floor(bid["date_time"], 2)
            for back in range(5):
                starts[latest - back * 2 * SECOND][bid["auction"]] += 1
        for start, counts in starts.items():
            for auction, num in counts.items():
                if num == max(counts.values()):
                    yield {
                        "window_start": start,
                        "window_end": start + 10 * SECOND,
                        "auction": auction,
                        "num": num,
                    }

    def q6(self):
        closings = defaultdict(list)
        for auction, bid in self.winners():
            closings[auction["seller"]].append((auction["expires"], auction["id"], bid["price"]))
        for seller, found in closings.items():
            recent = []
            for expires, auction, price in sorted(found):
                recent = [*recent, price][-10:]
                yield {"seller": seller, "auction": auction, "expires": expires, "avg": average(recent)}

    def q7(self):
        windows = defaultdict(list)
        for bid in self.bids:
            windows[floor(bid["date_time"], 10)].append(bid)
        for start, bids in windows.items():
            most = max(bid["price"] for bid in bids)
            for bid in bids:
                if bid["price"] == most:
                    yield {"window_start": start, **only(bid, "auction price bidder date_time extra")}

    def q8(self):
        opened = {(a["seller"], floor(a["date_time"], 10)) for a in self.auctions}
        for person in self.persons:
            start = floor(person["date_time"], 10)
            if (person["id"], start) in opened:
                yield {"id": person["id"], "name": person["name"], "window_start": start}

    def q9(self):
        for auction, bid in self.winners():
            yield {
                **auction,
                **only(bid, "auction bidder price"),
                "bid_date_time": bid["date_time"],
                "bid_extra": bid["extra"],
            }

    def q11(self):
        times = defaultdict(list)
        for bid in self.bids:
            times[bid["bidder"]].append(bid["date_time"])
        for bidder, found in times.items():
            found.sort()
            cuts = [i for i, time in enumerate(found) if i == 0 or time - found[i - 1] >= 10 * SECOND]
            for first, after in zip(cuts, [*cuts[1:], len(found)], strict=True):
                end = found[after - 1] + 10 * SECOND
                yield {"bidder": bidder, "count": after - first, "start": found[first], "end": end}

    def q12(self):
        """Of a clock that stands at 0."""
        counts = defaultdict(int)
        for bid in self.bids:
            counts[bid["bidder"]] += 1
        for bidder, count in counts.items():
            yield {"bidder": bidder, "count": count, "start": EPOCH, "end": EPOCH + 10 * SECOND}

    def q13(self):
        values = {row["key"]: row["value"] for row in self.side}
        for bid in self.bids:
            yield {**only(bid, "auction bidder price date_time"), "value": values[bid["auction"] % 10_000]}

    def q14(self):
        for bid in self.bids:
            price, hour = bid["price"] * RATE, bid["date_time"].hour
            if 1_000_000 < price < 50_000_000:
                yield {
                    "auction": bid["auction"],
                    "bidder": bid["bidder"],
                    "price": price,
                    "bid_time_type": "dayTime"
                    if 8 <= hour <= 18
                    else "otherTime"
                    if hour in {7, 19}
                    else "nightTime",
                    "date_time": bid["date_time"],
                    "extra": bid["extra"],
                    "c_counts": bid["extra"].count("c"),
                }

    def q15(self):
        for (day,), bids in grouped(self.bids, day_of).items():
            yield {"day": day, **ranked_counts(bids), **distinct(bids)}

    def q16(self):
        for (day, channel), bids in grouped(self.bids, day_of, lambda b: b["channel"]).items():
            minute = max(bid["date_time"] for bid in bids).strftime("%H:%M")
            yield {"channel": channel, "day": day, "minute": minute, **ranked_counts(bids), **distinct(bids)}

    def q17(self):
        for (day, auction), bids in grouped(self.bids, day_of, lambda b: b["auction"]).items():
            prices = [bid["price"] for bid in bids]
            yield {
                "auction": auction,
                "day": day,
                **ranked_counts(bids),
                "min_price": min(prices),
                "max_price": max(prices),
                "avg_price": average(prices),
                "sum_price": sum(prices),
            }

    def q18(self):
        for bids in grouped(self.bids, lambda b: b["bidder"], lambda b: b["auction"]).values():
            latest = max(bid["date_time"] for bid in bids)
            yield min((b for b in bids if b["date_time"] == latest), key=lambda b: b["extra"])

    def q19(self):
        for bids in grouped(self.bids, lambda b: b["auction"]).values():
            order = sorted(bids, key=lambda b: (-b["price"], b["date_time"], b["bidder"], b["extra"]))
            yield from ({**bid, "rank_number": rank} for rank, bid in enumerate(order[:10], 1))

    def q20(self):
        auctions = {a["id"]: a for a in self.auctions if a["category"] == 10}
        for bid in self.bids:
            if auction := auctions.get(bid["auction"]):
                yield {**only(bid, "auction bidder price channel url"), **together(bid, auction)}

    def q21(self):
        known = {"apple": "0", "google": "1", "facebook": "2", "baidu": "3"}
        for bid in self.bids:
            _, found, rest = bid["url"].partition("&channel_id=")
            number = known.get(bid["channel"].lower(), rest.partition("&")[0] if found else None)
            if number is not None:
                yield {**only(bid, "auction bidder price channel"), "channel_id": number}

    def q22(self):
        for bid in self.bids:
            parts = bid["url"].split("/")
            dirs = {"dir1": parts[3], "dir2": parts[4], "dir3": parts[5]}
            yield {**only(bid, "auction bidder price channel"), **dirs}

    def q23(self):
        persons = {person["id"]: person for person in self.persons}
        auctions = grouped(self.auctions, lambda a: a["seller"])
        for bid in self.bids:
            person = persons.get(bid["bidder"])
            for auction in auctions.get((bid["bidder"],), ()) if person else ():
                who = only(person, "name email credit_card city state")
                both = together(bid, auction)
                yield {
                    **only(bid, "bidder price channel url"),
                    "bid_extra": both.pop("bid_extra"),
                    "person_id": person["id"],
                    **who,
                    "person_extra": person["extra"],
                    **{name: value for name, value in both.items() if name != "bid_date_time"},
                }

    def winners(self):
        """Return each auction that got a bid in time with the one that wins."""
        auctions = {auction["id"]: auction for auction in self.auctions}
        best = {}
        for bid in self.bids:
            auction = auctions.get(bid["auction"])
            if auction is None or not auction["date_time"] <= bid["date_time"] <= auction["expires"]:
                continue
            place = (-bid["price"], bid["date_time"], bid["bidder"], bid["extra"])
            if auction["id"] not in best or place < best[auction["id"]][0]:
                best[auction["id"]] = (place, bid)
        return [(auctions[number], bid) for number, (_, bid) in best.items()]


def only(event, names):
    return {name: event[name] for name in names.split()}


def pick(events, names):
    return [only(event, names) for event in events]


def floor(time, seconds):
    return time - (time - EPOCH) % (seconds * SECOND)


def average(numbers):
    return float(Fraction(sum(numbers), len(numbers)))


def day_of(bid):
    return bid["date_time"].strftime("%Y-%m-%d")


def grouped(events, *keys):
    groups = defaultdict(list)
    for event in events:
        groups[tuple(key(event) for key in keys)].append(event)
    return groups


def by_rank(bids):
    ranks = {"total": bids, "rank1": [], "rank2": [], "rank3": []}
    for bid in bids:
        ranks["rank1" if bid["price"] < 10_000 else "rank2" if bid["price"] < 1_000_000 else "rank3"].append(
            bid
        )
    return ranks


def ranked_counts(bids):
    return {f"{rank}_bids": len(found) for rank, found in by_rank(bids).items()}


def distinct(bids):
    return {
        f"{rank}_{field}s": len({bid[field] for bid in found})
        for field in ("bidder", "auction")
        for rank, found in by_rank(bids).items()
    }


def together(bid, auction):
    return {
        "bid_date_time": bid["date_time"],
        "bid_extra": bid["extra"],
        **only(auction, "item_name description initial_bid reserve"),
        "auction_date_time": auction["date_time"],
        **only(auction, "expires seller category"),
        "auction_extra": auction["extra"],
    }
