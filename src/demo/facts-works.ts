/** Book or play | author. */
export const books = `
Hamlet|William Shakespeare
Macbeth|William Shakespeare
Othello|William Shakespeare
The Tempest|William Shakespeare
Twelfth Night|William Shakespeare
Doctor Faustus|Christopher Marlowe
Paradise Lost|John Milton
The Pilgrim's Progress|John Bunyan
Robinson Crusoe|Daniel Defoe
Moll Flanders|Daniel Defoe
Gulliver's Travels|Jonathan Swift
Tom Jones|Henry Fielding
Tristram Shandy|Laurence Sterne
Pride and Prejudice|Jane Austen
Emma|Jane Austen
Persuasion|Jane Austen
Mansfield Park|Jane Austen
Frankenstein|Mary Shelley
Ivanhoe|Walter Scott
Waverley|Walter Scott
Jane Eyre|Charlotte Brontë
Villette|Charlotte Brontë
Wuthering Heights|Emily Brontë
Agnes Grey|Anne Brontë
Vanity Fair|William Makepeace Thackeray
Oliver Twist|Charles Dickens
David Copperfield|Charles Dickens
Great Expectations|Charles Dickens
Bleak House|Charles Dickens
Hard Times|Charles Dickens
Middlemarch|George Eliot
Silas Marner|George Eliot
Treasure Island|Robert Louis Stevenson
Kidnapped|Robert Louis Stevenson
Dracula|Bram Stoker
The Picture of Dorian Gray|Oscar Wilde
Pygmalion|George Bernard Shaw
The Time Machine|H. G. Wells
The War of the Worlds|H. G. Wells
The Jungle Book|Rudyard Kipling
Kim|Rudyard Kipling
Heart of Darkness|Joseph Conrad
Lord Jim|Joseph Conrad
Nostromo|Joseph Conrad
Ulysses|James Joyce
Dubliners|James Joyce
Mrs Dalloway|Virginia Woolf
To the Lighthouse|Virginia Woolf
Orlando|Virginia Woolf
Brave New World|Aldous Huxley
Animal Farm|George Orwell
Nineteen Eighty-Four|George Orwell
Peter Pan|J. M. Barrie
The Wind in the Willows|Kenneth Grahame
Alice's Adventures in Wonderland|Lewis Carroll
The Hobbit|J. R. R. Tolkien
Moby-Dick|Herman Melville
Walden|Henry David Thoreau
The Scarlet Letter|Nathaniel Hawthorne
Leaves of Grass|Walt Whitman
Little Women|Louisa May Alcott
Adventures of Huckleberry Finn|Mark Twain
The Call of the Wild|Jack London
White Fang|Jack London
The Great Gatsby|F. Scott Fitzgerald
The Sound and the Fury|William Faulkner
The Grapes of Wrath|John Steinbeck
The Old Man and the Sea|Ernest Hemingway
To Kill a Mockingbird|Harper Lee
Waiting for Godot|Samuel Beckett
Don Quixote|Miguel de Cervantes
The Divine Comedy|Dante Alighieri
The Decameron|Giovanni Boccaccio
The Prince|Niccolò Machiavelli
The Betrothed|Alessandro Manzoni
Pinocchio|Carlo Collodi
Candide|Voltaire
Tartuffe|Molière
Phèdre|Jean Racine
Les Misérables|Victor Hugo
Madame Bovary|Gustave Flaubert
Germinal|Émile Zola
Nana|Émile Zola
Père Goriot|Honoré de Balzac
The Red and the Black|Stendhal
The Three Musketeers|Alexandre Dumas
The Count of Monte Cristo|Alexandre Dumas
Around the World in Eighty Days|Jules Verne
The Flowers of Evil|Charles Baudelaire
In Search of Lost Time|Marcel Proust
The Stranger|Albert Camus
The Plague|Albert Camus
Nausea|Jean-Paul Sartre
The Little Prince|Antoine de Saint-Exupéry
Faust|Johann Wolfgang von Goethe
The Sorrows of Young Werther|Johann Wolfgang von Goethe
William Tell|Friedrich Schiller
The Trial|Franz Kafka
The Metamorphosis|Franz Kafka
The Castle|Franz Kafka
Buddenbrooks|Thomas Mann
The Magic Mountain|Thomas Mann
Steppenwolf|Hermann Hesse
Siddhartha|Hermann Hesse
The Tin Drum|Günter Grass
Effi Briest|Theodor Fontane
Heidi|Johanna Spyri
Pippi Longstocking|Astrid Lindgren
A Doll's House|Henrik Ibsen
Peer Gynt|Henrik Ibsen
Hunger|Knut Hamsun
Miss Julie|August Strindberg
War and Peace|Leo Tolstoy
Anna Karenina|Leo Tolstoy
Crime and Punishment|Fyodor Dostoevsky
The Idiot|Fyodor Dostoevsky
The Brothers Karamazov|Fyodor Dostoevsky
Dead Souls|Nikolai Gogol
Fathers and Sons|Ivan Turgenev
The Cherry Orchard|Anton Chekhov
The Seagull|Anton Chekhov
Eugene Onegin|Alexander Pushkin
The Master and Margarita|Mikhail Bulgakov
Doctor Zhivago|Boris Pasternak
Lolita|Vladimir Nabokov
One Hundred Years of Solitude|Gabriel García Márquez
Ficciones|Jorge Luis Borges
The Tale of Genji|Murasaki Shikibu
The Aeneid|Virgil
Metamorphoses|Ovid
Antigone|Sophocles
Medea|Euripides
The Birds|Aristophanes
On the Origin of Species|Charles Darwin
The Wealth of Nations|Adam Smith
Leviathan|Thomas Hobbes
Critique of Pure Reason|Immanuel Kant
`;

/** Painting | painter. */
export const paintings = `
the Mona Lisa|Leonardo da Vinci
The Last Supper|Leonardo da Vinci
Lady with an Ermine|Leonardo da Vinci
The Birth of Venus|Sandro Botticelli
Primavera|Sandro Botticelli
The School of Athens|Raphael
The Sistine Madonna|Raphael
The Creation of Adam|Michelangelo
The Last Judgment in the Sistine Chapel|Michelangelo
The Arnolfini Portrait|Jan van Eyck
The Garden of Earthly Delights|Hieronymus Bosch
The Hunters in the Snow|Pieter Bruegel the Elder
The Peasant Wedding|Pieter Bruegel the Elder
The Ambassadors|Hans Holbein the Younger
The Burial of the Count of Orgaz|El Greco
The Calling of Saint Matthew|Caravaggio
Las Meninas|Diego Velázquez
The Surrender of Breda|Diego Velázquez
The Night Watch|Rembrandt
The Jewish Bride|Rembrandt
Girl with a Pearl Earring|Johannes Vermeer
The Milkmaid|Johannes Vermeer
View of Delft|Johannes Vermeer
The Laughing Cavalier|Frans Hals
The Goldfinch|Carel Fabritius
The Swing|Jean-Honoré Fragonard
The Death of Marat|Jacques-Louis David
The Third of May 1808|Francisco Goya
Saturn Devouring His Son|Francisco Goya
The Raft of the Medusa|Théodore Géricault
Liberty Leading the People|Eugène Delacroix
Wanderer above the Sea of Fog|Caspar David Friedrich
The Hay Wain|John Constable
The Fighting Temeraire|J. M. W. Turner
Ophelia|John Everett Millais
The Gleaners|Jean-François Millet
Olympia|Édouard Manet
A Bar at the Folies-Bergère|Édouard Manet
Impression, Sunrise|Claude Monet
Luncheon of the Boating Party|Pierre-Auguste Renoir
A Sunday Afternoon on the Island of La Grande Jatte|Georges Seurat
The Starry Night|Vincent van Gogh
The Potato Eaters|Vincent van Gogh
Café Terrace at Night|Vincent van Gogh
The Card Players|Paul Cézanne
The Scream|Edvard Munch
The Kiss|Gustav Klimt
Guernica|Pablo Picasso
Les Demoiselles d'Avignon|Pablo Picasso
The Dance|Henri Matisse
Black Square|Kazimir Malevich
Composition VIII|Wassily Kandinsky
I and the Village|Marc Chagall
The Persistence of Memory|Salvador Dalí
The Son of Man|René Magritte
The Two Fridas|Frida Kahlo
American Gothic|Grant Wood
Nighthawks|Edward Hopper
Christina's World|Andrew Wyeth
Barge Haulers on the Volga|Ilya Repin
`;

/** Piece of music | composer. */
export const music = `
The Magic Flute|Wolfgang Amadeus Mozart
Don Giovanni|Wolfgang Amadeus Mozart
The Marriage of Figaro|Wolfgang Amadeus Mozart
Così fan tutte|Wolfgang Amadeus Mozart
Fidelio|Ludwig van Beethoven
the Moonlight Sonata|Ludwig van Beethoven
the Eroica Symphony|Ludwig van Beethoven
the Brandenburg Concertos|Johann Sebastian Bach
the Goldberg Variations|Johann Sebastian Bach
the St Matthew Passion|Johann Sebastian Bach
The Art of Fugue|Johann Sebastian Bach
Messiah|George Frideric Handel
the Water Music|George Frideric Handel
Dido and Aeneas|Henry Purcell
The Four Seasons|Antonio Vivaldi
The Creation|Joseph Haydn
the Surprise Symphony|Joseph Haydn
the Trout Quintet|Franz Schubert
Winterreise|Franz Schubert
Carmen|Georges Bizet
Aida|Giuseppe Verdi
La traviata|Giuseppe Verdi
Rigoletto|Giuseppe Verdi
Nabucco|Giuseppe Verdi
Falstaff|Giuseppe Verdi
Tosca|Giacomo Puccini
Turandot|Giacomo Puccini
Madama Butterfly|Giacomo Puccini
The Barber of Seville|Gioachino Rossini
Norma|Vincenzo Bellini
L'elisir d'amore|Gaetano Donizetti
Pagliacci|Ruggero Leoncavallo
Cavalleria rusticana|Pietro Mascagni
Tristan und Isolde|Richard Wagner
Parsifal|Richard Wagner
Lohengrin|Richard Wagner
Der Freischütz|Carl Maria von Weber
Hänsel und Gretel|Engelbert Humperdinck
Salome|Richard Strauss
Der Rosenkavalier|Richard Strauss
The Blue Danube|Johann Strauss II
Die Fledermaus|Johann Strauss II
Orpheus in the Underworld|Jacques Offenbach
The Tales of Hoffmann|Jacques Offenbach
Symphonie fantastique|Hector Berlioz
Danse macabre|Camille Saint-Saëns
The Carnival of the Animals|Camille Saint-Saëns
Boléro|Maurice Ravel
La mer|Claude Debussy
Clair de lune|Claude Debussy
Gymnopédies|Erik Satie
Swan Lake|Pyotr Ilyich Tchaikovsky
The Nutcracker|Pyotr Ilyich Tchaikovsky
The Sleeping Beauty|Pyotr Ilyich Tchaikovsky
Pictures at an Exhibition|Modest Mussorgsky
Boris Godunov|Modest Mussorgsky
Prince Igor|Alexander Borodin
Scheherazade|Nikolai Rimsky-Korsakov
The Rite of Spring|Igor Stravinsky
The Firebird|Igor Stravinsky
Petrushka|Igor Stravinsky
Peter and the Wolf|Sergei Prokofiev
the Leningrad Symphony|Dmitri Shostakovich
Finlandia|Jean Sibelius
Rusalka|Antonín Dvořák
the New World Symphony|Antonín Dvořák
The Bartered Bride|Bedřich Smetana
Má vlast|Bedřich Smetana
Jenůfa|Leoš Janáček
Bluebeard's Castle|Béla Bartók
the Enigma Variations|Edward Elgar
The Planets|Gustav Holst
The Lark Ascending|Ralph Vaughan Williams
Peter Grimes|Benjamin Britten
Rhapsody in Blue|George Gershwin
Porgy and Bess|George Gershwin
Appalachian Spring|Aaron Copland
West Side Story|Leonard Bernstein
Carmina Burana|Carl Orff
The Threepenny Opera|Kurt Weill
Wozzeck|Alban Berg
`;
