/** Chemical elements: name | symbol | whom or what it is named after (a dash where that is no single name). */
export const elements = `
hydrogen|H|-
helium|He|-
lithium|Li|-
beryllium|Be|-
boron|B|-
carbon|C|-
nitrogen|N|-
oxygen|O|-
fluorine|F|-
neon|Ne|-
sodium|Na|-
magnesium|Mg|Magnesia
aluminium|Al|-
silicon|Si|-
phosphorus|P|-
sulfur|S|-
chlorine|Cl|-
argon|Ar|-
potassium|K|-
calcium|Ca|-
scandium|Sc|Scandinavia
titanium|Ti|the Titans
vanadium|V|Vanadís
chromium|Cr|-
manganese|Mn|-
iron|Fe|-
cobalt|Co|-
nickel|Ni|-
copper|Cu|-
zinc|Zn|-
gallium|Ga|-
germanium|Ge|Germany
arsenic|As|-
selenium|Se|Selene
bromine|Br|-
krypton|Kr|-
rubidium|Rb|-
strontium|Sr|Strontian
yttrium|Y|Ytterby
zirconium|Zr|-
niobium|Nb|Niobe
molybdenum|Mo|-
technetium|Tc|-
ruthenium|Ru|Ruthenia
rhodium|Rh|-
palladium|Pd|Pallas
silver|Ag|-
cadmium|Cd|-
indium|In|-
tin|Sn|-
antimony|Sb|-
tellurium|Te|-
iodine|I|-
xenon|Xe|-
caesium|Cs|-
barium|Ba|-
lanthanum|La|-
cerium|Ce|Ceres
praseodymium|Pr|-
neodymium|Nd|-
promethium|Pm|Prometheus
samarium|Sm|-
europium|Eu|Europe
gadolinium|Gd|Johan Gadolin
terbium|Tb|Ytterby
dysprosium|Dy|-
holmium|Ho|Stockholm
erbium|Er|Ytterby
thulium|Tm|Thule
ytterbium|Yb|Ytterby
lutetium|Lu|Lutetia
hafnium|Hf|Hafnia
tantalum|Ta|Tantalus
tungsten|W|-
rhenium|Re|the Rhine
osmium|Os|-
iridium|Ir|Iris
platinum|Pt|-
gold|Au|-
mercury|Hg|-
thallium|Tl|-
lead|Pb|-
bismuth|Bi|-
polonium|Po|Poland
astatine|At|-
radon|Rn|-
francium|Fr|France
radium|Ra|-
actinium|Ac|-
thorium|Th|Thor
protactinium|Pa|-
uranium|U|Uranus
neptunium|Np|Neptune
plutonium|Pu|Pluto
americium|Am|-
curium|Cm|-
berkelium|Bk|Berkeley
californium|Cf|California
einsteinium|Es|Albert Einstein
fermium|Fm|Enrico Fermi
mendelevium|Md|Dmitri Mendeleev
nobelium|No|Alfred Nobel
lawrencium|Lr|Ernest Lawrence
rutherfordium|Rf|Ernest Rutherford
dubnium|Db|Dubna
seaborgium|Sg|Glenn Seaborg
bohrium|Bh|Niels Bohr
hassium|Hs|Hesse
meitnerium|Mt|Lise Meitner
darmstadtium|Ds|Darmstadt
roentgenium|Rg|Wilhelm Röntgen
copernicium|Cn|Nicolaus Copernicus
nihonium|Nh|Japan
flerovium|Fl|-
moscovium|Mc|-
livermorium|Lv|Livermore
tennessine|Ts|Tennessee
oganesson|Og|Yuri Oganessian
`;

/** Moon | the planet or dwarf planet that it goes round. */
export const moons = `
Phobos|Mars
Deimos|Mars
Io|Jupiter
Europa|Jupiter
Ganymede|Jupiter
Callisto|Jupiter
Amalthea|Jupiter
Himalia|Jupiter
Thebe|Jupiter
Titan|Saturn
Enceladus|Saturn
Mimas|Saturn
Tethys|Saturn
Dione|Saturn
Rhea|Saturn
Iapetus|Saturn
Hyperion|Saturn
Phoebe|Saturn
Janus|Saturn
Pandora|Saturn
Titania|Uranus
Oberon|Uranus
Ariel|Uranus
Umbriel|Uranus
Miranda|Uranus
Puck|Uranus
Triton|Neptune
Proteus|Neptune
Nereid|Neptune
Charon|Pluto
Nix|Pluto
Hydra|Pluto
`;

/** Invention | inventor, where the credit is usual and to one person. */
export const inventions = `
the telephone|Alexander Graham Bell
the phonograph|Thomas Edison
dynamite|Alfred Nobel
the World Wide Web|Tim Berners-Lee
the lightning rod|Benjamin Franklin
the mercury barometer|Evangelista Torricelli
the cotton gin|Eli Whitney
the voltaic pile|Alessandro Volta
the saxophone|Adolphe Sax
the stethoscope|René Laennec
the Diesel engine|Rudolf Diesel
the Rubik's Cube|Ernő Rubik
vulcanized rubber|Charles Goodyear
the Kalashnikov rifle|Mikhail Kalashnikov
the Geiger counter|Hans Geiger
the cyclotron|Ernest Lawrence
the spinning jenny|James Hargreaves
the water frame|Richard Arkwright
the power loom|Edmund Cartwright
the Davy lamp|Humphry Davy
the pendulum clock|Christiaan Huygens
the Polaroid camera|Edwin Land
the mercury thermometer|Daniel Gabriel Fahrenheit
the analytical engine|Charles Babbage
the electromagnet|William Sturgeon
the Colt revolver|Samuel Colt
the air brake for trains|George Westinghouse
the Jacquard loom|Joseph Marie Jacquard
the daguerreotype|Louis Daguerre
the calotype|William Henry Fox Talbot
the theremin|Leon Theremin
the glass harmonica|Benjamin Franklin
the pantelegraph|Giovanni Caselli
the Wankel engine|Felix Wankel
the Stirling engine|Robert Stirling
Esperanto|L. L. Zamenhof
Braille|Louis Braille
the Bessemer process|Henry Bessemer
the Linux kernel|Linus Torvalds
the Python language|Guido van Rossum
the Pascal language|Niklaus Wirth
the C++ language|Bjarne Stroustrup
the Perl language|Larry Wall
basketball|James Naismith
volleyball|William G. Morgan
the Scoville scale|Wilbur Scoville
the Mohs scale|Friedrich Mohs
the Moog synthesizer|Robert Moog
the Tesla coil|Nikola Tesla
the Foucault pendulum|Léon Foucault
the Petri dish|Julius Richard Petri
the Erlenmeyer flask|Emil Erlenmeyer
the Yale pin tumbler lock|Linus Yale Jr.
the zeppelin|Ferdinand von Zeppelin
`;
