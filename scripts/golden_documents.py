"""Writes golden folders for what is stored as JSON: AdamW, scorers and tokenization.

    golden_documents.py FOLDER [--seed N], then npm run parity -- FOLDER
    golden_documents.py --check FOLDER...

Needs pip install torch safetensors tokenizers regex; golden_tasks.py, which has the adapters and the downstream models,
lies beside it. As there, a folder's results are computed from the cases that lie in it. Its tokenization folder has a
vocabulary of its own, trained here; with KADAPTER_VOCABULARY (a folder with vocab.json and merges.txt) another one more.
"""

import os
import pathlib
import random
import re
import shutil
import string
import sys
from collections import Counter

import torch
from golden_tasks import KINDS, adamw, clip, finish, main, read, schedule, write

try:
    import regex
    from tokenizers import ByteLevelBPETokenizer
except ImportError as error:
    sys.exit(f"error: {sys.executable} has no {error.name}; pip install tokenizers regex")


# AdamW, schedules and clipping alone.


def optimizer(folder, _meta, dtype):
    data, schedules, clips = (read(folder / f"{name}.json") for name in ("adamw", "schedules", "clip"))

    def tensors(given):
        return {name: torch.tensor(value, dtype=dtype) for name, value in given.items() if value is not None}

    def lists(named):
        return {name: value.tolist() for name, value in named.items()}

    for one in data["runs"]:
        values, state, plan, one["steps"] = tensors(data["initial"]), {}, one["schedule"], []
        for i, given in enumerate(data["gradients"]):
            arguments = {key: value for key, value in (plan or {}).items() if key not in ("type", "order")}
            at = i + 1 if plan and plan["order"] == "scheduler first" else i
            rate = one["learning_rate"] * (schedule(plan["type"], at, **arguments) if plan else 1)
            total, grads = clip(tensors(given), one["max_grad_norm"])
            adamw(values, grads, state, rate, one["eps"], one["weight_decay"], one["betas"], one["correct_bias"])
            step = {"lr": rate, "grad_norm": total.item(), "param": lists(values)}
            step |= {key: lists({k: s[j] for k, s in state.items()}) for j, key in ((1, "exp_avg"), (2, "exp_avg_sq"))}
            one["steps"].append(step)
    for table in schedules["tables"]:
        table["lambda"] = [schedule(table["name"], k, **table["arguments"]) for k in range(len(table["lambda"]))]
    for one in clips:
        total, clipped = clip(tensors(one["gradients"]), one["max_norm"])
        one |= {"total_norm": total.item(), "clipped": lists(clipped)}
    return {"adamw.json": data, "schedules.json": schedules, "clip.json": clips}


# Scorers.


def f1_of(precision, recall):
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if recall else 0.0,
    }


def typing_scores(gold, said):
    """Loose scores and exact matches; None where the official code divides by zero."""
    count = [(len(g & s), len(s), len(g)) for g, s in zip(gold, said, strict=True)]
    hits, guesses, labels = (sum(column) for column in zip(*count, strict=True)) if count else (0, 0, 0)
    if labels == 0:
        return None
    precision = sum(h / s for h, s, _ in count if s) / len(count)
    recall = sum(h / g for h, _, g in count if g) / len(count)
    exact = sum(g == s for g, s in zip(gold, said, strict=True))
    micro, macro = f1_of(hits / guesses if guesses else 0.0, hits / labels), f1_of(precision, recall)
    return {"exact_matches": exact, "strict_accuracy": exact / len(count), "loose_micro": micro, "loose_macro": macro}


def score_types(one, fallback, triples=False):
    gold = [{i for i, hot in enumerate(row) if hot} for row in one["gold"]]
    said = [{i for i, x in enumerate(row) if x > 0 or (fallback and x == max(row))} for row in one["logits"]]
    scores = typing_scores(gold, said)
    for key in ("result", "error", "message", "what_it_should_be"):
        one.pop(key, None)
    if scores is None:
        one["error"] = "ZeroDivisionError"
    elif triples:
        scores |= {key: list(scores[key].values()) for key in ("loose_micro", "loose_macro")}
    if "batch_size" in one:
        # As published: after every batch all rows so far are counted once more.
        upto = [
            i
            for end in range(one["batch_size"], len(gold) + one["batch_size"], one["batch_size"])
            for i in range(min(end, len(gold)))
        ]
        again = typing_scores([gold[i] for i in upto], [said[i] for i in upto])
        one["what_it_should_be"] = {key: value for key, value in scores.items() if key != "exact_matches"}
        one["result"] = {"ERINE_accuracy": scores["strict_accuracy"]}
        one["result"] |= {f"ERINE_{key}": list(again[f"loose_{key}"].values()) for key in ("macro", "micro")}
    elif scores is not None:
        one["result"] = scores
        if triples:
            equal = [
                x == g
                for row, truth in zip(one["logits"], one["gold"], strict=True)
                for x, g in zip(row, truth, strict=True)
            ]
            one["result"] |= {"simple_accuracy": sum(equal) / len(equal)}
            one["result"].pop("strict_accuracy")


def score_relations(one, none):
    pairs = list(zip(one["predictions"], one["gold"], strict=True))
    right, guessed, gold = (
        sum(p == g != none for p, g in pairs),
        sum(p != none for p, _ in pairs),
        sum(g != none for _, g in pairs),
    )
    one["result"] = f1_of(right / guessed if guessed else 1.0, right / gold if gold else 0.0)


def score_classes(one):
    pairs = list(zip(one["predictions"], one["gold"], strict=True))
    classes = set(one["predictions"]) | set(one["gold"])
    f1 = [2 * sum(p == g == c for p, g in pairs) / sum((p == c) + (g == c) for p, g in pairs) for c in classes]
    one["result"] = {"micro_F1": sum(p == g for p, g in pairs) / len(pairs), "macro_F1": sum(f1) / len(f1)}


def score_heads(one):
    mask, labels = torch.tensor(one["attention_mask"]) == 1, torch.tensor(one["labels"])
    # The published attention accuracy takes the best query of each key.
    said = {
        "eval_accuracy": torch.tensor(one["logits"]).argmax(2),
        "att_eval_accuracy": torch.tensor(one["attention_probs"])[:, 0].argmax(1),
    }
    one["result"] = {key: (value[mask] == labels[mask]).double().mean().item() for key, value in said.items()}


def normalise(text, engine):
    kept = "".join(c for c in text.lower() if c not in string.punctuation)
    return " ".join(engine.sub(r"\b(a|an|the)\b", " ", kept).split())


def answer_f1(prediction, gold):
    said, truth = normalise(prediction, regex).split(), normalise(gold, regex).split()
    same = sum((Counter(said) & Counter(truth)).values())
    return f1_of(same / len(said), same / len(truth))["f1"] if same else 0.0


def scorers(folder, _meta, _dtype):
    names = ("tacred", "openentity", "figer", "cosmosqa", "pretraining", "searchqa-quasart")
    docs = {f"{name}.json": read(folder / f"{name}.json") for name in names}
    tacred, openentity, figer, cosmosqa, pretraining_cases, answers = docs.values()
    for one in tacred["cases"]:
        score_relations(one, tacred["no_relation_index"])
    for cases, fallback, triples in (
        (openentity["cases"], False, False),
        (figer["cases"], True, False),
        (figer["official_evaluate"]["cases"], True, True),
        (figer["figer_scores_of_utils_figer"]["cases"], False, True),
    ):
        for one in cases:
            score_types(one, fallback, triples)
    for one in cosmosqa["cases"]:
        correct = sum(row.index(max(row)) == gold for row, gold in zip(one["logits"], one["gold"], strict=True))
        one["result"] = {"correct": correct, "accuracy": correct / len(one["gold"])}
    for one in pretraining_cases["factual"]["cases"]:
        score_classes(one)
    for one in pretraining_cases["linguistic"]["cases"]:
        score_heads(one)
    for one in answers["normalize"]:
        # Both are right: what the two engines take for a word differs on combining marks and the like.
        one["normalized"], other = normalise(one["text"], regex), normalise(one["text"], re)
        if other != one["normalized"]:
            one["normalized_by_squad_script"] = other
    for one in answers["cases"]:
        one["exact_match"] = any(normalise(one["prediction"], regex) == normalise(gold, regex) for gold in one["gold"])
        one["f1"] = max(answer_f1(one["prediction"], gold) for gold in one["gold"])
    count = len(answers["cases"])
    means = {
        key: 100 * sum(one[name] for one in answers["cases"]) / count
        for key, name in (("exact_match", "exact_match"), ("f1", "f1"))
    }
    answers["totals"] = means
    return docs


# Tokenization.

SPECIALS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


class Official:
    """The released tokenizer: outer white space goes, one space is put in front, special tokens are split off."""

    def __init__(self, folder):
        self.bpe = ByteLevelBPETokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))
        self.prefixed = ByteLevelBPETokenizer(
            str(folder / "vocab.json"), str(folder / "merges.txt"), add_prefix_space=True
        )
        self.ids = read(folder / "vocab.json")

    def tokens(self, text):
        parts = [part.strip() for part in re.split(f"({'|'.join(SPECIALS)})", text)]
        return [
            t for part in parts if part for t in ([part] if part in SPECIALS else self.bpe.encode(f" {part}").tokens)
        ]

    def features(self, tokens, length, pad="<pad>"):
        fill = length - len(tokens)
        ids, mask = [self.ids[token] for token in tokens + [pad] * fill], [1] * len(tokens) + [0] * fill
        return {"input_ids": ids, "input_mask": mask, "segment_ids": [0] * length, "tokens_for_reading": tokens}

    def relation(self, record, length, labels, tacred):
        spans = sorted(
            ((record[f"{role}_start"], record[f"{role}_end"], mark) for role, mark in (("subj", "@"), ("obj", "#")))
        )
        out, places, done = ["<s>"], {}, 0
        for start, end, mark in spans:
            out += self.tokens(" ".join(record["token"][done:start]))
            places[mark], done = len(out), end + 1
            out += [mark, *self.tokens(" ".join(record["token"][start:done])), mark]
        out = (out + self.tokens(" ".join(record["token"][done:])))[: length - 1] + ["</s>"]
        if tacred:
            # numpy counts negative indices from the end and refuses what lies outside.
            places = {mark: length - 10 if place > length else place for mark, place in places.items()}
            if any(not -length <= place < length for place in places.values()):
                return {"error": "IndexError"}
            places = {mark: place % length for mark, place in places.items()}
        elif max(places.values()) >= length:
            return {"dropped": True}
        found = {
            "label_id": labels.index(record["relation"]),
            "subj_special_start": places["@"],
            "obj_special_start": places["#"],
        }
        return self.features(out, length) | found

    def mention(self, record, length, labels, figer):
        parts = (
            record["sent"][: record["start"]],
            record["sent"][record["start"] : record["end"]],
            record["sent"][record["end"] :],
        )
        before, inside, after = (self.tokens(part) for part in parts)
        mark = self.tokens("@")
        out = ["<s>", *before, *mark, *inside, *mark, *after, "</s>"]
        if len(out) > length or (figer and len(out) == length):
            return {"dropped": True} if figer else {"error": "AssertionError"}
        hot = [int(label in record["labels"]) for label in labels]
        return self.features(out, length) | {"labels": hot, "start": 1 + len(before)}

    def choices(self, record, length):
        made = []
        for choice in range(4):
            context, ending = (
                self.tokens(record["context"]),
                self.tokens(f"{record['question']} </s> {record[f'answer{choice}']}"),
            )
            while len(context) + len(ending) > length - 3:
                (context if len(context) > len(ending) else ending).pop()
            made.append(self.features(["<s>", *context, "</s>", *ending, "</s>"], length, "<s>"))
        return {"choices": made, "label": int(record["label"]) if record["label"] else None}

    def heads(self, record, length):
        words = [
            record["sent"][where["start"] : where["end"]] for token in record["tokens"] for where in token.values()
        ]
        out, first = ["<s>"], {0: 1}
        for number, word in enumerate(words, 1):
            first[number] = 1 + len(out)
            out += self.tokens(word)
        del first[len(words)]  # Its table of governors has no entry for the last word.
        governors = {pair["dependent_index"]: pair["governor_index"] for pair in record["pairs"]}
        numbers = range(1, len(words) + 1)
        if len(out) + 1 >= length or any(governors.get(number) not in first for number in numbers):
            return {"dropped": True}
        labels = [0, *(first[governors[number]] for number in numbers)]
        return self.features([*out, "</s>"], length) | {"labels": labels + [0] * (length - len(labels))}


def tokenization(folder, _meta, _dtype):
    official = Official(folder)
    names = ("texts", "trex", "tacred", "openentity", "figer", "cosmosqa", "find_head")
    docs = {f"{name}.json": read(folder / f"{name}.json") for name in names}
    texts, trex, tacred, openentity, figer, cosmosqa, trees = docs.values()
    for one in texts["texts"] + texts["with_special_tokens"]:
        one["official_tokens"] = official.tokens(one["text"])
        one["official_ids"] = [official.ids[token] for token in one["official_tokens"]]
    for one in texts["texts"]:
        one["hf_ids"], one["hf_ids_add_prefix_space"] = (
            official.bpe.encode(one["text"]).ids,
            official.prefixed.encode(one["text"]).ids,
        )
    for doc in (trex, tacred):
        for one in doc["cases"] + doc["marker_near_the_limit"]:
            length = one.get("max_seq_length", doc.get("max_seq_length"))
            one["features"] = official.relation(one["record"], length, doc["labels"], doc is tacred)
    for one in tacred["negative_sample"]:
        records, left = [case["record"] for case in tacred["cases"]], one["negative_sample"] - 1
        free = {r["id"] for r in [r for r in records if r["relation"] == "no_relation"][max(0, left) :]}
        one["kept"] = [r["id"] for r in records if one["dataset_type"] != "train" or r["id"] not in free]
    for doc in (openentity, figer):
        for one in doc["cases"]:
            one["features"] = official.mention(one["record"], doc["max_seq_length"], doc["labels"], doc is figer)
    for one in cosmosqa["cases"]:
        one["features"] = official.choices(one["record"], cosmosqa["max_seq_length"])
    for one in trees["cases"]:
        one["features"] = official.heads(one["record"], trees["max_seq_length"])
    return docs


KINDS |= {"adamw": optimizer, "scorers": scorers, "tokenization": tokenization}


# Cases.


def write_optimizer(folder, scalar=False, absent=False):
    """scalar: a parameter without axes whose gradient is 0 at times; absent: a step without any gradient."""
    shapes = {
        "embed.weight": [3, 2, 2],
        "embed.bias": [1],
        "x.LayerNorm.weight": [5],
        "x.LayerNorm.bias": [5],
        "scale": [2],
    }
    shapes |= {"temperature": []} if scalar else {}
    initial = {name: torch.randn(shape).tolist() for name, shape in shapes.items()}
    grads = []
    for step in range(8):
        size = (1, 1e-3, 3, 1e-6)[step % 4]
        given = {name: (size * torch.randn(shape)).tolist() for name, shape in shapes.items()}
        # Without gradient at first, now and then, and with a gradient that is all zeros.
        given |= (
            {"scale": None} if step < 3 else {"embed.bias": None} if step % 3 == 0 else {"x.LayerNorm.bias": [0.0] * 5}
        )
        given |= {"temperature": 0.0} if scalar and step % 2 else {}
        grads.append(dict.fromkeys(given) if absent and step == 4 else given)
    plans = [None] * 5
    plans += [
        {"type": "WarmupLinearSchedule", "warmup_steps": 2, "t_total": 5, "order": order}
        for order in ("scheduler first", "optimizer first")
    ]
    plans += [
        {"type": "WarmupCosineSchedule", "warmup_steps": 3, "t_total": 7, "cycles": 1.25, "order": "optimizer first"}
    ]
    plans += [{"type": "WarmupConstantSchedule", "warmup_steps": 4, "order": "scheduler first"}]
    values = [(0.1, 1e-8, 0, True, [0.9, 0.999], None), (0.03, 1e-6, 0.5, True, [0.0, 0.99], 0.2), (0.01, 1e-3, 0.1, False, [0.5, 0.5], None),
              (0.02, 1.0, 1.0, True, [0.99, 0.9], 5.0), (0.05, 1e-3, 0.01, False, [0.9, 0.98], 0.01)]  # fmt: skip
    names = ("learning_rate", "eps", "weight_decay", "correct_bias", "betas", "max_grad_norm")
    runs = [dict(zip(names, values[i % 5], strict=True)) | {"schedule": plan} for i, plan in enumerate(plans)]
    write(folder / "adamw.json", {"initial": initial, "gradients": grads, "runs": runs})
    given = [("ConstantLRSchedule", {})]
    given += [("WarmupConstantSchedule", {"warmup_steps": warmup}) for warmup in (0, 1, 7)]
    for kind, cycles in (
        ("WarmupLinear", [None]),
        ("WarmupCosine", [None, 0.25, 2.0]),
        ("WarmupCosineWithHardRestarts", [None, 1.0, 3.0]),
    ):
        for warmup, total in ((0, 1), (3, 11), (6, 6), (9, 4)):
            own = [{} if wave is None else {"cycles": wave} for wave in cycles]
            given += [(f"{kind}Schedule", {"warmup_steps": warmup, "t_total": total} | more) for more in own]
    tables = [{"name": name, "arguments": arguments, "lambda": [0] * 17} for name, arguments in given]
    write(folder / "schedules.json", {"tables": tables})
    # Norms below, at and above the limit, and zero.
    clips = [(0.0, 1.0), (1e-4, 1.0), (1.0, 1.0), (1.0, 100.0), (30.0, 0.1)]
    made = [
        ({name: (size * torch.randn(shape)).tolist() for name, shape in shapes.items()}, limit) for size, limit in clips
    ]
    made.append(({"only": [3.0, 4.0]}, 5.0))
    write(folder / "clip.json", [{"gradients": gradient, "max_norm": limit} for gradient, limit in made])
    finish(folder, {"fixture": "adamw", "tensors": {}})


def typed_cases(dice, width):
    """Logits and gold labels: nothing predicted, no gold, ties, all predicted, all gold, no rows but one, random rows."""
    none, every = [0] * width, [1] * width
    low, high, zero, tie = [-2.0] * width, [3.0] * width, [0.0] * width, [-1.0, -1.0] + [-4.0] * (width - 2)
    cases = {
        "nothing predicted": ([low, low], [every, [1] + none[1:]]), "no gold": ([high, low], [none, none]),
        "all predicted": ([high, high], [every, [0] + every[1:]]), "all zero": ([zero], [[1] + none[1:]]),
        "ties": ([tie, tie, zero], [[1, 1] + none[2:], [0, 1] + none[2:], none[1:] + [1]]),
        "some without gold": ([high, low, tie, zero], [none, none, none, none[1:] + [1]]),
        "a smallest subnormal number is above 0": ([[1e-45] + low[1:]], [[1] + none[1:]]),
    }  # fmt: skip
    for rows in (1, 2, 9, 40):
        logits = [[round(dice.gauss(-0.5, 1.5), 1) for _ in none] for _ in range(rows)]
        cases[f"random {rows}"] = (logits, [[int(dice.random() < 0.3) for _ in none] for _ in range(rows)])
    return [{"name": name, "logits": logits, "gold": gold} for name, (logits, gold) in cases.items()]


def linguistic_case(dice, lengths, width):
    batch = range(len(lengths))
    square = lambda: [[dice.gauss(0, 1) for _ in range(width)] for _ in range(width)]  # noqa: E731
    mask = [[int(i < length) for i in range(width)] for length in lengths]
    labels = [[dice.randrange(width) * real for real in row] for row in mask]
    probs = [[square()] for _ in batch]
    return {"logits": [square() for _ in batch], "attention_probs": probs, "attention_mask": mask, "labels": labels}


TEXTS = ["", " \t\n", "The the THE a an", "a\u200db the", "naïve\u0301 a", "²the ½a ①an the", "ΟΔΟΣ the", "ẞ a", "x_the_y", "the\u00a0end",
         "a\u001cb the\u0085c", "İ a\u0307 the", "...the!!!", "a" * 50, "‘the’ a", "the\u0301 cat", "١٢ a ٣", "ªa the ﬁn", "a\u00adn the", "\ufeffthe",
         "an\u0300 a", "the\u202fend", "the\u2060end", "e\u0301a the", "a\u3000the\u2003an", "नमस्ते the", "a।the", "🙂a the🙂", "the’s", "Ⅷ the"]  # fmt: skip


def write_scorers(folder, seed):
    dice = random.Random(seed)
    labels, none = [f"r{i}" for i in range(9)], 3
    draw = lambda n, share: [none if dice.random() < share else dice.randrange(9) for _ in range(n)]  # noqa: E731
    relations = [("empty", [], []), ("all no_relation", [3, 3], [3, 3]), ("nothing predicted", [3, 3, 3], [1, 3, 8]),
                 ("no gold", [1, 2, 3], [3, 3, 3]), ("swapped", [1, 2], [2, 1]), ("one hit", [0], [0])]  # fmt: skip
    relations += [
        (f"random {n} {share}", draw(n, share), draw(n, share)) for n in (1, 7, 100) for share in (0.0, 0.3, 0.9)
    ]
    cases = [{"name": name, "predictions": said, "gold": gold} for name, said, gold in relations]
    write(folder / "tacred.json", {"labels": labels, "no_relation_index": none, "cases": cases})
    empty = {"name": "no rows at all", "logits": [], "gold": []}
    write(folder / "openentity.json", {"cases": [*typed_cases(dice, 5), empty]})
    evaluated = [
        case | {"batch_size": size} for case in typed_cases(dice, 6) if "random" in case["name"] for size in (1, 4, 50)
    ]
    evaluated = [case for case in evaluated if any(map(any, case["gold"][: case["batch_size"]]))]
    figer = {"cases": typed_cases(dice, 12), "official_evaluate": {"cases": evaluated}}
    write(folder / "figer.json", figer | {"figer_scores_of_utils_figer": {"cases": typed_cases(dice, 4)}})
    choices = [{"name": f"{n} of {m}", "logits": [[dice.randrange(3) / 2 for _ in range(m)] for _ in range(n)], "gold": [dice.randrange(m) for _ in range(n)]}
               for n in (1, 3, 30) for m in (2, 4, 7)]  # fmt: skip
    write(folder / "cosmosqa.json", {"cases": choices})
    factual = [
        {"name": str(i), "predictions": draw(n, 0.5), "gold": draw(n, 0.1)} for i, n in enumerate((1, 2, 5, 200))
    ]
    factual += [
        {"name": "one class", "predictions": [4] * 5, "gold": [4] * 5},
        {"name": "all wrong", "predictions": [0, 0], "gold": [8, 7]},
    ]
    shapes = (([1], 3), ([9, 2, 5, 1], 9), ([4, 4], 4))
    heads = [{"name": str(lengths)} | linguistic_case(dice, lengths, width) for lengths, width in shapes]
    write(folder / "pretraining.json", {"factual": {"cases": factual}, "linguistic": {"cases": heads}})
    words = ["a", "the", "Blue", "blue.", "sea", "U.S.", "”", "Ωmega", "1,000", "An", "", "é"]
    phrase = lambda: " ".join(dice.choice(words) for _ in range(dice.randrange(5)))  # noqa: E731
    answers = [{"prediction": phrase(), "gold": [phrase() for _ in range(1 + dice.randrange(4))]} for _ in range(60)]
    write(folder / "searchqa-quasart.json", {"normalize": [{"text": text} for text in TEXTS], "cases": answers})
    finish(folder, {"fixture": "scorers", "tensors": {}})


SENTENCES = ["Zoë 🙂 met Zoë again , and Zoë 's twin Zoë left Łódź", "The café of the old café-owner is the best café in Köln !",
             "日本 の 首都 は 東京 です 。", "a @ b # c @ @ d # # e", "I can't won't   it 's 10,000.50 % of x_y-z / & \" quotes \""]  # fmt: skip
ODD_TEXTS = ["\u001cfile separator\u001f", "\u0085next line\u0085", "\ufeffbyte order mark\ufeff", "\u00a0no break\u00a0", "\u3000wide\u3000", "\ttab first",
             "\nline first", "a\r\nb", "x" * 300, "👩‍👩‍👧‍👦 family", "e\u0301 \u00e9", "\u200bzero", "it’s ’s 's 'S 'll'll", "1a2b3c ½⅔ Ⅷ", "\u0000nul", "a\u2028b\u2029c",
             "ﬁ ﬂ", "مرحبا بالعالم", "हिन्दी", "  a   b  ", "\U0001f1e9\U0001f1ea flag", "end ", "'", "''", "' s", "\u1680ogham", "\u180evowel", "a\u000bb\u000cc"]  # fmt: skip
SPECIAL_TEXTS = [
    "<mask>",
    "</s></s>",
    " <s> a </s> ",
    "a <unk>b<pad> c",
    "<mask><mask> x",
    "< mask > <MASK>",
    "\u00a0<mask>\u00a0b",
    "a</s>\u3000</s>b",
]


def relation_records(dice, labels):
    """Entities first, last, side by side, and of all words; in either order."""
    records = []
    for number, sentence in enumerate(SENTENCES):
        token = sentence.split()
        last = len(token) - 1
        middle = dice.randrange(1, last)
        for left, right in (
            ((0, 0), (last, last)),
            ((0, middle - 1), (middle, last)),
            ((middle, middle), (last, last)),
            ((0, 0), (1, 1)),
        ):
            if left[1] >= right[0]:
                continue
            for subject, object_ in ((left, right), (right, left)):
                spans = {
                    "subj_start": subject[0],
                    "subj_end": subject[1],
                    "obj_start": object_[0],
                    "obj_end": object_[1],
                }
                records.append(
                    {"id": f"{number}.{len(records)}", "token": token, "relation": dice.choice(labels)} | spans
                )
    return records


def relation_document(dice, labels, lengths):
    records = relation_records(dice, labels)
    near = [{"record": record, "max_seq_length": length} for record in records for length in lengths]
    return {
        "labels": labels,
        "cases": [{"record": record, "max_seq_length": 60} for record in records],
        "marker_near_the_limit": near,
    }


def mention_records(dice, labels):
    for sentence in [*SENTENCES, "word " * 40 + "end"]:
        starts = [0, *(match.end() for match in re.finditer(" ", sentence))]
        ends = [*(match.start() for match in re.finditer(" ", sentence)), len(sentence)]
        for first, last in ((0, 0), (len(starts) - 1, len(starts) - 1), (0, len(starts) - 1), (2, 3)):
            given = dice.sample(labels, dice.randrange(len(labels) + 1))
            yield {"record": {"sent": sentence, "start": starts[first], "end": ends[last], "labels": given}}
    # A mention inside a word, and one of white space and a word.
    yield {"record": {"sent": "unbelievable 🙂🙂 things", "start": 2, "end": 9, "labels": []}}
    yield {"record": {"sent": "so it is", "start": 2, "end": 5, "labels": labels[:1]}}


def tree_records(dice):
    for number, sentence in enumerate([*SENTENCES, "One"]):
        ends, record = [match.span() for match in re.finditer(r"\S+", sentence)], {"sent": sentence}
        record["tokens"] = [{str(i): {"start": start, "end": end}} for i, (start, end) in enumerate(ends, 1)]
        # Trees: every word hangs on the root or on an earlier word, and the last one governs none.
        governors = [0] + [1 + dice.randrange(i) for i in range(1, len(ends))]
        pairs = [{"dependent_index": i, "governor_index": governor} for i, governor in enumerate(governors, 1)]
        dice.shuffle(pairs)
        yield {"name": f"tree {number}", "record": record | {"pairs": pairs}}
        missing = [pair for pair in pairs if pair["dependent_index"] != len(ends)]
        yield {"name": f"word without a governor {number}", "record": record | {"pairs": missing}}


def write_tokenization(folder, seed, vocabulary):
    dice = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    if vocabulary:
        for name in ("vocab.json", "merges.txt"):
            shutil.copy(vocabulary / name, folder / name)
    else:
        trained = ByteLevelBPETokenizer()
        trained.train_from_iterator(
            [f" {text}" for text in SENTENCES + ODD_TEXTS] * 3, vocab_size=420, min_frequency=2, special_tokens=SPECIALS
        )
        trained.save_model(str(folder))
    texts = [{"text": text} for text in [*SENTENCES, *ODD_TEXTS]]
    write(folder / "texts.json", {"texts": texts, "with_special_tokens": [{"text": text} for text in SPECIAL_TEXTS]})
    write(
        folder / "trex.json", {"max_seq_length": 50} | relation_document(dice, ["P1", "P22", "P3"], (3, 4, 7, 12, 20))
    )
    tacred = relation_document(dice, ["x:y", "no_relation", "a:b"], (4, 5, 6, 9, 10, 15, 25))
    samples = [
        {"negative_sample": count, "dataset_type": kind}
        for count in (0, 1, 2, 5, 1000)
        for kind in ("train", "dev", "test")
    ]
    write(folder / "tacred.json", tacred | {"negative_sample": samples})
    for name, length, labels in (("openentity", 40, ["entity", "time"]), ("figer", 33, ["/a", "/a/b", "/c"])):
        write(
            folder / f"{name}.json",
            {"max_seq_length": length, "labels": labels, "cases": list(mention_records(dice, labels))},
        )
    questions = []
    for i, label in enumerate(("0", "3", 0, 3, "", "2")):
        answers = {f"answer{n}": text for n, text in enumerate(("", SENTENCES[i % 5], "yes " * i, "long " * 60))}
        questions.append(
            {
                "record": {
                    "id": str(i),
                    "context": ("", "short", SENTENCES[0] * 3)[i % 3],
                    "question": SENTENCES[1] if i % 2 else "?",
                }
                | answers
                | {"label": label}
            }
        )
    write(folder / "cosmosqa.json", {"max_seq_length": 37, "cases": questions})
    write(folder / "find_head.json", {"max_seq_length": 45, "cases": list(tree_records(dice))})
    finish(folder, {"fixture": "tokenization", "tensors": {}})


def write_all(folder, seed):
    for name, more in {"plain": {}, "scalar": {"scalar": True}, "absent": {"absent": True}}.items():
        torch.manual_seed(seed)
        write_optimizer(folder / f"adamw-{name}", **more)
    write_scorers(folder / "scorers", seed)
    write_tokenization(folder / "tokenization-own", seed, None)
    if given := os.environ.get("KADAPTER_VOCABULARY"):
        write_tokenization(folder / "tokenization-given", seed, pathlib.Path(given))


if __name__ == "__main__":
    main(write_all, __doc__)
