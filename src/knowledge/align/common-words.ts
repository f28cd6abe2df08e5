/**
 * English words that say how a sentence is built. A name that is one of them (the band "The The" aside) would be found
 * in every second sentence.
 * @module
 */
const words = `a about above across after again against all almost along already also although always am among an and
another any anyone anything are around as at away back be became because become been before behind being below between
both but by came can cannot come could did do does done down during each either else enough etc even ever every everyone
everything few first for from further get give given go good got had has have he hence her here hers herself him himself
his how however i if in indeed instead into is it its itself just last later least less like made make many may maybe me
might mine more most much must my myself near neither never next no nobody none nor not nothing now of off often on once
one only onto or other others our ours ourselves out over own per perhaps put rather same second see seen several shall
she should since so some someone something still such than that the their theirs them themselves then there therefore
these they thing this those though three through thus to together too toward towards two under until up upon us used
very via was we well were what whatever when where whether which while who whole whom whose why will with within without
would yes yet you your yours yourself`;

export const commonWords: ReadonlySet<string> = new Set(words.split(/\s+/));
