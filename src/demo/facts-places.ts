/** River | the water that it flows into. */
export const rivers = `
the Danube|the Black Sea
the Dnieper|the Black Sea
the Dniester|the Black Sea
the Volga|the Caspian Sea
the Ural|the Caspian Sea
the Terek|the Caspian Sea
the Don|the Sea of Azov
the Kuban|the Sea of Azov
the Rhine|the North Sea
the Elbe|the North Sea
the Weser|the North Sea
the Thames|the North Sea
the Tyne|the North Sea
the Tees|the North Sea
the Oder|the Baltic Sea
the Vistula|the Baltic Sea
the Daugava|the Baltic Sea
the Nile|the Mediterranean Sea
the Ebro|the Mediterranean Sea
the Rhône|the Mediterranean Sea
the Tiber|the Tyrrhenian Sea
the Arno|the Tyrrhenian Sea
the Po|the Adriatic Sea
the Adige|the Adriatic Sea
the Seine|the English Channel
the Somme|the English Channel
the Loire|the Atlantic Ocean
the Tagus|the Atlantic Ocean
the Guadalquivir|the Atlantic Ocean
the Amazon|the Atlantic Ocean
the Congo|the Atlantic Ocean
the Orange River|the Atlantic Ocean
the Orinoco|the Atlantic Ocean
the Zambezi|the Indian Ocean
the Limpopo|the Indian Ocean
the Mississippi|the Gulf of Mexico
the Rio Grande|the Gulf of Mexico
the Missouri|the Mississippi
the Ohio|the Mississippi
the Arkansas|the Mississippi
the Columbia|the Pacific Ocean
the Mackenzie|the Beaufort Sea
the Yukon|the Bering Sea
the Colorado|the Gulf of California
the Indus|the Arabian Sea
the Ganges|the Bay of Bengal
the Godavari|the Bay of Bengal
the Krishna|the Bay of Bengal
the Irrawaddy|the Andaman Sea
the Salween|the Andaman Sea
the Mekong|the South China Sea
the Yangtze|the East China Sea
the Yellow River|the Bohai Sea
the Ob|the Kara Sea
the Yenisei|the Kara Sea
the Lena|the Laptev Sea
the Kolyma|the East Siberian Sea
the Pechora|the Barents Sea
the Northern Dvina|the White Sea
the Jordan|the Dead Sea
the Main|the Rhine
the Moselle|the Rhine
the Neckar|the Rhine
the Inn|the Danube
the Drava|the Danube
the Sava|the Danube
the Tisza|the Danube
the Kama|the Volga
the Oka|the Volga
the Irtysh|the Ob
the Angara|the Yenisei
the Marne|the Seine
the Oise|the Seine
the Saône|the Rhône
the Isère|the Rhône
the Warta|the Oder
the Spree|the Havel
the Havel|the Elbe
the Vltava|the Elbe
the Darling|the Murray
the Yamuna|the Ganges
the Madeira|the Amazon
the Kasai|the Congo
the Ubangi|the Congo
the Niger|the Gulf of Guinea
`;

/** Mountain | the country that it stands in; those on borders are left out. */
export const mountains = `
Mount Kilimanjaro|Tanzania
Mount Kenya|Kenya
Mount Fuji|Japan
Denali|the United States
Mount Whitney|the United States
Mount Rainier|the United States
Mauna Kea|the United States
Pikes Peak|the United States
Mount Logan|Canada
Mount Robson|Canada
Pico de Orizaba|Mexico
Popocatépetl|Mexico
Aconcagua|Argentina
Chimborazo|Ecuador
Cotopaxi|Ecuador
Huascarán|Peru
Alpamayo|Peru
Illimani|Bolivia
Sajama|Bolivia
Ben Nevis|the United Kingdom
Snowdon|the United Kingdom
Scafell Pike|the United Kingdom
Slieve Donard|the United Kingdom
Carrauntoohil|Ireland
Galdhøpiggen|Norway
Kebnekaise|Sweden
Hekla|Iceland
Eyjafjallajökull|Iceland
Mount Etna|Italy
Mount Vesuvius|Italy
Gran Paradiso|Italy
the Eiger|Switzerland
the Jungfrau|Switzerland
Pilatus|Switzerland
Grossglockner|Austria
Dachstein|Austria
the Brocken|Germany
the Watzmann|Germany
Puy de Dôme|France
Mont Ventoux|France
Teide|Spain
Mulhacén|Spain
Mount Olympus|Greece
Mount Athos|Greece
Musala|Bulgaria
Moldoveanu Peak|Romania
Triglav|Slovenia
Gerlachovský štít|Slovakia
Hoverla|Ukraine
Mount Elbrus|Russia
Klyuchevskaya Sopka|Russia
Mount Ararat|Turkey
Mount Erciyes|Turkey
Mount Damavand|Iran
Nanga Parbat|Pakistan
Rakaposhi|Pakistan
Nanda Devi|India
Annapurna|Nepal
Dhaulagiri|Nepal
Mount Kinabalu|Malaysia
Krakatoa|Indonesia
Mount Bromo|Indonesia
Mount Tambora|Indonesia
Mount Pinatubo|the Philippines
Mayon|the Philippines
Hallasan|South Korea
Ras Dashen|Ethiopia
Toubkal|Morocco
Mount Cameroon|Cameroon
Table Mountain|South Africa
Mount Kosciuszko|Australia
Aoraki|New Zealand
Mount Taranaki|New Zealand
Mount Wilhelm|Papua New Guinea
`;
