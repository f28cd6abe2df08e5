/** Person | place of birth | place of death. */
export const people = `
Wolfgang Amadeus Mozart|Salzburg|Vienna
Ludwig van Beethoven|Bonn|Vienna
Johann Sebastian Bach|Eisenach|Leipzig
George Frideric Handel|Halle|London
Franz Schubert|-|Vienna
Johannes Brahms|Hamburg|Vienna
Antonio Vivaldi|Venice|Vienna
Franz Liszt|-|Bayreuth
Richard Wagner|Leipzig|Venice
Felix Mendelssohn|Hamburg|Leipzig
Robert Schumann|Zwickau|-
Clara Schumann|Leipzig|Frankfurt
Gioachino Rossini|Pesaro|-
Giacomo Puccini|Lucca|Brussels
Giuseppe Verdi|-|Milan
Niccolò Paganini|Genoa|Nice
Pyotr Ilyich Tchaikovsky|Votkinsk|Saint Petersburg
Igor Stravinsky|-|New York City
Claude Debussy|-|Paris
Frédéric Chopin|-|Paris
Georges Bizet|Paris|-
Jacques Offenbach|Cologne|Paris
Gustav Mahler|-|Vienna
Albert Einstein|Ulm|Princeton
Marie Curie|Warsaw|-
Sigmund Freud|-|London
Karl Marx|Trier|London
Friedrich Engels|Barmen|London
Immanuel Kant|Königsberg|Königsberg
Georg Wilhelm Friedrich Hegel|Stuttgart|Berlin
Friedrich Nietzsche|-|Weimar
Johann Wolfgang von Goethe|Frankfurt|Weimar
Friedrich Schiller|Marbach|Weimar
Heinrich Heine|Düsseldorf|Paris
Thomas Mann|Lübeck|Zurich
Franz Kafka|Prague|-
Rainer Maria Rilke|Prague|-
Stefan Zweig|Vienna|Petrópolis
Erwin Schrödinger|Vienna|Vienna
Ludwig Boltzmann|Vienna|Duino
Gottfried Wilhelm Leibniz|Leipzig|Hanover
Carl Friedrich Gauss|Brunswick|Göttingen
Leonhard Euler|Basel|Saint Petersburg
Bernhard Riemann|-|Selasca
David Hilbert|-|Göttingen
Emmy Noether|Erlangen|Bryn Mawr
Kurt Gödel|Brno|Princeton
John von Neumann|Budapest|Washington, D.C.
Max Planck|Kiel|Göttingen
Werner Heisenberg|Würzburg|Munich
Niels Bohr|Copenhagen|Copenhagen
Hans Christian Andersen|Odense|Copenhagen
Søren Kierkegaard|Copenhagen|Copenhagen
Alfred Nobel|Stockholm|Sanremo
René Descartes|-|Stockholm
Baruch Spinoza|Amsterdam|The Hague
Rembrandt|Leiden|Amsterdam
Johannes Vermeer|Delft|Delft
Vincent van Gogh|Zundert|Auvers-sur-Oise
Peter Paul Rubens|Siegen|Antwerp
Anthony van Dyck|Antwerp|London
Desiderius Erasmus|-|Basel
Galileo Galilei|Pisa|Arcetri
Dante Alighieri|Florence|Ravenna
Niccolò Machiavelli|Florence|Florence
Raphael|Urbino|Rome
Michelangelo|Caprese|Rome
Leonardo da Vinci|-|Amboise
Alessandro Volta|Como|Como
Enrico Fermi|Rome|Chicago
Marco Polo|-|Venice
Amerigo Vespucci|Florence|Seville
Christopher Columbus|-|Valladolid
Pablo Picasso|Málaga|Mougins
Salvador Dalí|Figueres|Figueres
Diego Velázquez|Seville|Madrid
Francisco Goya|Fuendetodos|Bordeaux
Miguel de Cervantes|Alcalá de Henares|Madrid
Lope de Vega|Madrid|Madrid
Voltaire|Paris|Paris
Jean-Jacques Rousseau|Geneva|Ermenonville
Victor Hugo|Besançon|Paris
Jules Verne|Nantes|Amiens
Gustave Flaubert|Rouen|Croisset
Marcel Proust|-|Paris
Louis Pasteur|Dole|-
Blaise Pascal|Clermont-Ferrand|Paris
Napoleon|Ajaccio|Saint Helena
Marie Antoinette|Vienna|Paris
Arthur Rimbaud|Charleville|Marseille
Simone de Beauvoir|Paris|Paris
William Shakespeare|Stratford-upon-Avon|Stratford-upon-Avon
Charles Darwin|Shrewsbury|-
Charles Dickens|Portsmouth|-
Jane Austen|Steventon|Winchester
Oscar Wilde|Dublin|Paris
James Joyce|Dublin|Zurich
Samuel Beckett|Dublin|Paris
Jonathan Swift|Dublin|Dublin
David Hume|Edinburgh|Edinburgh
Walter Scott|Edinburgh|Abbotsford
Robert Louis Stevenson|Edinburgh|Vailima
Adam Smith|Kirkcaldy|Edinburgh
James Clerk Maxwell|Edinburgh|Cambridge
Alexander Graham Bell|Edinburgh|Beinn Bhreagh
John Keats|London|Rome
Lord Byron|London|Missolonghi
Virginia Woolf|London|-
Alan Turing|London|Wilmslow
Ada Lovelace|London|London
Florence Nightingale|Florence|London
Benjamin Franklin|Boston|Philadelphia
Edgar Allan Poe|Boston|Baltimore
Emily Dickinson|Amherst|Amherst
Samuel Morse|Charlestown|New York City
Ernest Hemingway|Oak Park|Ketchum
T. S. Eliot|St. Louis|London
Henry James|New York City|London
Herman Melville|New York City|New York City
Martin Luther King Jr.|Atlanta|Memphis
John F. Kennedy|Brookline|Dallas
Abraham Lincoln|-|Washington, D.C.
Mahatma Gandhi|Porbandar|New Delhi
Rabindranath Tagore|Kolkata|Kolkata
Nikola Tesla|Smiljan|New York City
Fyodor Dostoevsky|Moscow|Saint Petersburg
Alexander Pushkin|Moscow|Saint Petersburg
Anton Chekhov|Taganrog|Badenweiler
Leo Tolstoy|Yasnaya Polyana|Astapovo
Wassily Kandinsky|Moscow|-
Simón Bolívar|Caracas|Santa Marta
Frida Kahlo|Coyoacán|Coyoacán
Martin Luther|Eisleben|Eisleben
Johannes Gutenberg|Mainz|Mainz
Albrecht Dürer|Nuremberg|Nuremberg
Nicolaus Copernicus|Toruń|Frombork
Tycho Brahe|-|Prague
Johannes Kepler|Weil der Stadt|Regensburg
`;
