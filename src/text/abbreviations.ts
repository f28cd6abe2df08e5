/**
 * English abbreviations whose full stop ends no sentence, without that full stop.
 * @module
 */

const listed = (words: string): ReadonlySet<string> => new Set(words.split(/\s+/));

/** Abbreviations that a name follows. */
export const beforeNames = listed(
  `mr mrs ms mx dr prof rev hon fr st ste sts gen col lt sgt cpl pvt capt cmdr cdr maj adm brig gov sen rep pres supt
  amb mt mts ft vs cf viz eg ie al op messrs mme mlle`,
);

/** Abbreviations that a number follows. */
export const beforeNumbers = listed(
  `no nos nr pp p vol vols ch fig figs art sec c ca b d r fl approx jan feb mar apr jun jul aug sep sept oct nov
  dec`,
);

/** Abbreviations that may end a sentence, too. */
export const anywhere = listed(
  "inc ltd co corp bros jr sr etc dept est assn univ a.m p.m u.s u.k u.n d.c e.g i.e ph.d",
);
