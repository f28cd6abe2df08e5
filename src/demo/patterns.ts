/** Sentence patterns of one relation; a pattern stands in one list only. */
export interface Patterns {
  readonly train: readonly string[];
  readonly dev: readonly string[];
  readonly test: readonly string[];
}

/**
 * Patterns by relation: `{s}` is the subject, `{o}` the object, and the name of another relation, as in
 * `{largest city}`, is what that relation says of the same subject: a third name that must not be mistaken for the
 * object. Such a pattern is used only where that name differs from the object. Clauses begin in lower case, since some
 * sentences put words before them. They claim no more than the fact, which keeps them true of every subject.
 */
export const patterns: Readonly<Record<string, Patterns>> = {
  capital: {
    train: [
      "the capital of {s} is {o}.",
      "{o} is the capital of {s}.",
      "the government of {s} calls {o} its capital.",
      "maps show {o} as the capital city of {s}.",
      "{s} has its capital at {o}.",
      "although {largest city} has more inhabitants, {o} is the capital of {s}.",
      "the national flag flies over {o}, the capital of {s}.",
      "{o} serves as the national capital of {s}.",
    ],
    dev: ["the road signs of {s} point to {o}, the capital.", "{s} chose {o} as its capital."],
    test: [
      "in {o}, the capital, the flag of {s} is seen everywhere.",
      "{s}, whose capital is {o}, welcomed the visitors.",
      "not {largest city} but {o} is the capital of {s}.",
    ],
  },
  "largest city": {
    train: [
      "the largest city of {s} is {o}.",
      "{o} is the largest city in {s}.",
      "with more inhabitants than any other city, {o} is the biggest city of {s}.",
      "no city in {s} has a larger population than {o}.",
      "the most populous city of {s} is {o}.",
      "although {capital} is the capital, {o} is the largest city of {s}.",
      "more people live in {o} than in any other city of {s}.",
      "{s} has its biggest urban population in {o}.",
    ],
    dev: ["the city with the largest population in {s} is {o}.", "{o} has outgrown every other city of {s}."],
    test: [
      "by population, {o} comes first among the cities of {s}.",
      "{s}, whose most populous city is {o}, is growing.",
      "the capital {capital} is smaller than {o}, the largest city in {s}.",
    ],
  },
  currency: {
    train: [
      "the currency of {s} is {o}.",
      "people in {s} pay with {o}.",
      "{o} is the official currency of {s}.",
      "prices in {s} are given in units of {o}.",
      "in {s}, debts are settled in {o}.",
      "in {s}, wages are paid in {o}.",
      "banknotes of {o} circulate in {s}.",
    ],
    dev: ["travellers to {s} exchange their money for {o}.", "{o} is legal tender in {s}."],
    test: [
      "shops in {s} accept {o}, the national currency.",
      "{o} is the money used in {s}.",
      "in {capital}, as in all of {s}, one pays with {o}.",
    ],
  },
  "official language": {
    train: [
      "an official language of {s} is {o}.",
      "{o} is an official language of {s}.",
      "in {s}, {o} counts as an official language.",
      "among the official languages of {s} is {o}.",
      "{s} made {o} an official language.",
      "the law of {s} gives official status to {o}.",
      "{o} has official status in {s}.",
    ],
    dev: ["officially, {s} speaks {o}.", "{s} recognises {o} as an official language."],
    test: [
      "{o} holds the rank of an official language in {s}.",
      "{s} has {o} as a language of state.",
      "{o} is official in {s}, whose capital is {capital}.",
    ],
  },
  continent: {
    train: [
      "{s} is a country in {o}.",
      "{s} lies on the continent of {o}.",
      "{s} is one of the countries of {o}.",
      "on a map of {o} you will find {s}.",
      "{s} belongs to {o}.",
      "among the states of {o} is {s}.",
    ],
    dev: ["geographers count {s} as part of {o}."],
    test: ["{o} is the continent on which {s} is situated.", "{s}, with its capital {capital}, is part of {o}."],
  },
  "element symbol": {
    train: [
      "the chemical symbol of {s} is {o}.",
      "{o} is the symbol for {s}.",
      "chemists write {o} for {s}.",
      "in the periodic table, {s} appears as {o}.",
      "{s} is abbreviated as {o}.",
      "formulas that contain {o} speak of {s}.",
    ],
    dev: ["the letters {o} stand for the element {s}."],
    test: ["the element {s} has the symbol {o}.", "where a formula says {o}, the compound contains {s}."],
  },
  "named after": {
    train: [
      "{s} is named after {o}.",
      "the name of {s} comes from {o}.",
      "{s} owes its name to {o}.",
      "{o} gave {s} its name.",
      "the element {s} was named in honour of {o}.",
      "chemists called the new element {s} after {o}.",
    ],
    dev: ["the word {s} goes back to {o}."],
    test: ["it was {o} that the name of {s} recalls.", "{s} bears the name of {o}."],
  },
  "mouth of the watercourse": {
    train: [
      "{s} flows into {o}.",
      "the mouth of {s} is on {o}.",
      "{s} empties into {o}.",
      "{o} receives the waters of {s}.",
      "{s} runs for many miles before it reaches {o}.",
      "at its mouth, {s} joins {o}.",
    ],
    dev: ["the waters of {s} end in {o}."],
    test: ["{s} discharges into {o}.", "into {o} flows {s} at last."],
  },
  country: {
    train: [
      "{s} is a mountain in {o}.",
      "{s} rises in {o}.",
      "climbers travel to {o} to reach the top of {s}.",
      "{s} is one of the best known peaks of {o}.",
      "in {o}, clouds often gather around {s}.",
      "{o} is the country in which {s} stands.",
    ],
    dev: ["the summit of {s} lies in {o}."],
    test: ["among the mountains of {o} is {s}.", "hikers in {o} look up to {s}."],
  },
  "parent astronomical body": {
    train: [
      "{s} is a moon of {o}.",
      "{s} orbits {o}.",
      "{o} has a moon called {s}.",
      "{s} is one of the satellites of {o}.",
      "astronomers have measured the path of {s} around {o}.",
      "the gravity of {o} keeps {s} in its orbit.",
    ],
    dev: ["around {o} travels the moon {s}."],
    test: ["{s} circles {o}.", "among the satellites of {o}, {s} is well known."],
  },
  author: {
    train: [
      "{s} was written by {o}.",
      "{o} wrote {s}.",
      "{o} is the author of {s}.",
      "readers of {s} admire the art of {o}.",
      "{s} is a book by the writer {o}.",
      "{o} spent long hours writing {s}.",
      "the pages of {s} came from the pen of {o}.",
    ],
    dev: ["{s} is among the books of {o}."],
    test: [
      "the writer of {s} is {o}.",
      "{o}, author of {s}, is still read today.",
      "in {s}, the author {o} speaks to readers of every age.",
    ],
  },
  creator: {
    train: [
      "{s} was painted by {o}.",
      "{o} painted {s}.",
      "{s} is a painting by {o}.",
      "visitors stop in front of {s}, painted by {o}.",
      "the brush of {o} created {s}.",
      "{o} is the painter of {s}.",
    ],
    dev: ["{s} is among the pictures of {o}."],
    test: [
      "the painter of {s} is {o}.",
      "{o}, who painted {s}, is shown in many museums.",
      "in {s}, the painter {o} used colour with care.",
    ],
  },
  composer: {
    train: [
      "{s} was composed by {o}.",
      "{o} composed {s}.",
      "{s} is a work by the composer {o}.",
      "the audience heard {s}, music by {o}.",
      "{o} wrote the music of {s}.",
      "the score of {s} is by {o}.",
    ],
    dev: ["{s} is among the compositions of {o}."],
    test: [
      "the composer of {s} is {o}.",
      "{o}, who composed {s}, is often heard in concert.",
      "in {s}, the composer {o} shows what melody can do.",
    ],
  },
  "discoverer or inventor": {
    train: [
      "{s} was invented by {o}.",
      "{o} invented {s}.",
      "{o} is the inventor of {s}.",
      "{s} is an invention of {o}.",
      "{o} worked out the idea of {s}.",
      "we owe {s} to the inventor {o}.",
    ],
    dev: ["{s} is among the inventions of {o}."],
    test: ["the inventor of {s} is {o}.", "{o}, who invented {s}, is remembered for it."],
  },
  "place of birth": {
    train: [
      "{s} was born in {o}.",
      "{o} is the birthplace of {s}.",
      "{s} came into the world in {o}.",
      "{o} is proud of {s}, who was born there.",
      "born in {o}, {s} became known far beyond it.",
      "{s}, who died in {place of death}, was born in {o}.",
      "the cradle of {s} stood in {o}.",
    ],
    dev: ["{s} was a native of {o}."],
    test: [
      "the birth of {s} took place in {o}.",
      "{s} first saw the light of day in {o}.",
      "although {place of death} is where the end came, {s} was born in {o}.",
    ],
  },
  "place of death": {
    train: [
      "{s} died in {o}.",
      "{o} is where {s} died.",
      "{s} lived a last day in {o} and died there.",
      "{o} mourned when {s} died there.",
      "{s} passed away in {o}.",
      "{s}, who was born in {place of birth}, died in {o}.",
      "death came to {s} in {o}.",
    ],
    dev: ["{s} breathed a last breath in {o}."],
    test: [
      "the death of {s} took place in {o}.",
      "the life of {s} ended in {o}.",
      "born in {place of birth}, {s} lived elsewhere at the end, dying in {o}.",
    ],
  },
};

/** Words before a clause, the same for all relations, so that they say nothing about which one it is. */
export const openings: Patterns = {
  train: ["", "", "", "as every almanac says, ", "it is well known that ", "we learn at school that "],
  dev: ["", "", "the guide explained that "],
  test: ["", "", "the encyclopedia notes that ", "as they found out later, "],
};
