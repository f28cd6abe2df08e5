/**
 * Countries: name | capital | largest city | currency | official language | continent. A dash stands where the world
 * disagrees, where it changes as this is written, or where there is none. A leading "the" is read as an article, which
 * belongs to the sentence and not to the name. General knowledge, collected for this project; public domain.
 */
export const countries = `
Afghanistan|Kabul|Kabul|the afghani|Pashto|Asia
Albania|Tirana|Tirana|the lek|Albanian|Europe
Algeria|Algiers|Algiers|the Algerian dinar|Arabic|Africa
Andorra|Andorra la Vella|Andorra la Vella|the euro|Catalan|Europe
Angola|Luanda|Luanda|the kwanza|Portuguese|Africa
Argentina|Buenos Aires|Buenos Aires|the Argentine peso|-|South America
Armenia|Yerevan|Yerevan|the dram|Armenian|-
Australia|Canberra|-|the Australian dollar|-|-
Austria|Vienna|Vienna|the euro|German|Europe
Azerbaijan|Baku|Baku|the manat|Azerbaijani|-
the Bahamas|Nassau|Nassau|the Bahamian dollar|English|North America
Bahrain|Manama|-|the Bahraini dinar|Arabic|Asia
Bangladesh|Dhaka|Dhaka|the taka|Bengali|Asia
Barbados|Bridgetown|Bridgetown|the Barbadian dollar|English|North America
Belarus|Minsk|Minsk|the Belarusian ruble|Belarusian|Europe
Belgium|Brussels|-|the euro|Dutch|Europe
Belize|Belmopan|Belize City|the Belize dollar|English|North America
Benin|Porto-Novo|Cotonou|the West African CFA franc|French|Africa
Bhutan|Thimphu|Thimphu|the ngultrum|Dzongkha|Asia
Bolivia|-|Santa Cruz de la Sierra|the boliviano|Spanish|South America
Bosnia and Herzegovina|Sarajevo|Sarajevo|the convertible mark|Bosnian|Europe
Botswana|Gaborone|Gaborone|the pula|English|Africa
Brazil|Brasília|São Paulo|the real|Portuguese|South America
Brunei|Bandar Seri Begawan|-|the Brunei dollar|Malay|Asia
Bulgaria|Sofia|Sofia|-|Bulgarian|Europe
Burkina Faso|Ouagadougou|Ouagadougou|the West African CFA franc|-|Africa
Burundi|Gitega|Bujumbura|the Burundian franc|Kirundi|Africa
Cambodia|Phnom Penh|Phnom Penh|the riel|Khmer|Asia
Cameroon|Yaoundé|-|the Central African CFA franc|French|Africa
Canada|Ottawa|Toronto|the Canadian dollar|English|North America
Cape Verde|Praia|Praia|the Cape Verdean escudo|Portuguese|Africa
the Central African Republic|Bangui|Bangui|the Central African CFA franc|Sango|Africa
Chad|N'Djamena|N'Djamena|the Central African CFA franc|French|Africa
Chile|Santiago|Santiago|the Chilean peso|-|South America
China|Beijing|Shanghai|the renminbi|Standard Chinese|Asia
Colombia|Bogotá|Bogotá|the Colombian peso|Spanish|South America
the Comoros|Moroni|Moroni|the Comorian franc|Comorian|Africa
Costa Rica|San José|San José|the colón|Spanish|North America
Croatia|Zagreb|Zagreb|the euro|Croatian|Europe
Cuba|Havana|Havana|the Cuban peso|Spanish|North America
Cyprus|Nicosia|Nicosia|the euro|Greek|-
the Czech Republic|Prague|Prague|the koruna|Czech|Europe
Denmark|Copenhagen|Copenhagen|the Danish krone|-|Europe
Djibouti|Djibouti City|Djibouti City|the Djiboutian franc|French|Africa
Dominica|Roseau|Roseau|the East Caribbean dollar|English|North America
the Dominican Republic|Santo Domingo|Santo Domingo|the Dominican peso|Spanish|North America
Ecuador|Quito|-|the US dollar|Spanish|South America
Egypt|Cairo|Cairo|the Egyptian pound|Arabic|Africa
El Salvador|San Salvador|San Salvador|the US dollar|Spanish|North America
Eritrea|Asmara|Asmara|the nakfa|-|Africa
Estonia|Tallinn|Tallinn|the euro|Estonian|Europe
Eswatini|Mbabane|-|the lilangeni|Swazi|Africa
Ethiopia|Addis Ababa|Addis Ababa|the birr|-|Africa
Fiji|Suva|-|the Fijian dollar|Fijian|Oceania
Finland|Helsinki|Helsinki|the euro|Finnish|Europe
France|Paris|Paris|the euro|French|Europe
Gabon|Libreville|Libreville|the Central African CFA franc|French|Africa
the Gambia|Banjul|Serekunda|the dalasi|English|Africa
Georgia|Tbilisi|Tbilisi|the lari|Georgian|-
Germany|Berlin|Berlin|the euro|German|Europe
Ghana|Accra|-|the cedi|English|Africa
Greece|Athens|Athens|the euro|Greek|Europe
Grenada|St. George's|St. George's|the East Caribbean dollar|English|North America
Guatemala|Guatemala City|Guatemala City|the quetzal|Spanish|North America
Guinea|Conakry|Conakry|the Guinean franc|French|Africa
Guinea-Bissau|Bissau|Bissau|the West African CFA franc|Portuguese|Africa
Guyana|Georgetown|Georgetown|the Guyanese dollar|English|South America
Haiti|Port-au-Prince|Port-au-Prince|the gourde|Haitian Creole|North America
Honduras|Tegucigalpa|Tegucigalpa|the lempira|Spanish|North America
Hungary|Budapest|Budapest|the forint|Hungarian|Europe
Iceland|Reykjavík|Reykjavík|the Icelandic króna|Icelandic|Europe
India|New Delhi|-|the Indian rupee|Hindi|Asia
Indonesia|-|Jakarta|the rupiah|Indonesian|Asia
Iran|Tehran|Tehran|the Iranian rial|Persian|Asia
Iraq|Baghdad|Baghdad|the Iraqi dinar|Arabic|Asia
Ireland|Dublin|Dublin|the euro|Irish|Europe
Italy|Rome|Rome|the euro|Italian|Europe
Ivory Coast|Yamoussoukro|Abidjan|the West African CFA franc|French|Africa
Jamaica|Kingston|Kingston|the Jamaican dollar|English|North America
Japan|Tokyo|Tokyo|the yen|-|Asia
Jordan|Amman|Amman|the Jordanian dinar|Arabic|Asia
Kazakhstan|Astana|Almaty|the tenge|Kazakh|-
Kenya|Nairobi|Nairobi|the Kenyan shilling|Swahili|Africa
Kuwait|Kuwait City|-|the Kuwaiti dinar|Arabic|Asia
Kyrgyzstan|Bishkek|Bishkek|the Kyrgyz som|Kyrgyz|Asia
Laos|Vientiane|Vientiane|the kip|Lao|Asia
Latvia|Riga|Riga|the euro|Latvian|Europe
Lebanon|Beirut|Beirut|the Lebanese pound|Arabic|Asia
Lesotho|Maseru|Maseru|the loti|Sotho|Africa
Liberia|Monrovia|Monrovia|the Liberian dollar|English|Africa
Libya|Tripoli|Tripoli|the Libyan dinar|Arabic|Africa
Liechtenstein|Vaduz|-|the Swiss franc|German|Europe
Lithuania|Vilnius|Vilnius|the euro|Lithuanian|Europe
Luxembourg|Luxembourg City|Luxembourg City|the euro|Luxembourgish|Europe
Madagascar|Antananarivo|Antananarivo|the ariary|Malagasy|Africa
Malawi|Lilongwe|-|the Malawian kwacha|English|Africa
Malaysia|Kuala Lumpur|-|the ringgit|Malay|Asia
the Maldives|Malé|Malé|the rufiyaa|Dhivehi|Asia
Mali|Bamako|Bamako|the West African CFA franc|-|Africa
Malta|Valletta|-|the euro|Maltese|Europe
the Marshall Islands|Majuro|Majuro|the US dollar|Marshallese|Oceania
Mauritania|Nouakchott|Nouakchott|the ouguiya|Arabic|Africa
Mauritius|Port Louis|Port Louis|the Mauritian rupee|-|Africa
Mexico|Mexico City|Mexico City|the Mexican peso|-|North America
Micronesia|Palikir|Weno|the US dollar|English|Oceania
Moldova|Chișinău|Chișinău|the Moldovan leu|Romanian|Europe
Monaco|-|-|the euro|French|Europe
Mongolia|Ulaanbaatar|Ulaanbaatar|the tögrög|Mongolian|Asia
Montenegro|Podgorica|Podgorica|the euro|Montenegrin|Europe
Morocco|Rabat|Casablanca|the Moroccan dirham|Arabic|Africa
Mozambique|Maputo|-|the metical|Portuguese|Africa
Myanmar|Naypyidaw|Yangon|the Burmese kyat|Burmese|Asia
Namibia|Windhoek|Windhoek|the Namibian dollar|English|Africa
Nauru|-|-|the Australian dollar|Nauruan|Oceania
Nepal|Kathmandu|Kathmandu|the Nepalese rupee|Nepali|Asia
the Netherlands|Amsterdam|Amsterdam|the euro|Dutch|Europe
New Zealand|Wellington|Auckland|the New Zealand dollar|Māori|Oceania
Nicaragua|Managua|Managua|the córdoba|Spanish|North America
Niger|Niamey|Niamey|the West African CFA franc|-|Africa
Nigeria|Abuja|Lagos|the naira|English|Africa
North Korea|Pyongyang|Pyongyang|the North Korean won|Korean|Asia
North Macedonia|Skopje|Skopje|the denar|Macedonian|Europe
Norway|Oslo|Oslo|the Norwegian krone|Norwegian|Europe
Oman|Muscat|Muscat|the Omani rial|Arabic|Asia
Pakistan|Islamabad|Karachi|the Pakistani rupee|Urdu|Asia
Palau|Ngerulmud|Koror|the US dollar|Palauan|Oceania
Panama|Panama City|Panama City|the balboa|Spanish|North America
Papua New Guinea|Port Moresby|Port Moresby|the kina|Tok Pisin|Oceania
Paraguay|Asunción|Asunción|the guaraní|Spanish|South America
Peru|Lima|Lima|the sol|Spanish|South America
the Philippines|Manila|Quezon City|the Philippine peso|Filipino|Asia
Poland|Warsaw|Warsaw|the złoty|Polish|Europe
Portugal|Lisbon|Lisbon|the euro|Portuguese|Europe
Qatar|Doha|Doha|the Qatari riyal|Arabic|Asia
Romania|Bucharest|Bucharest|the Romanian leu|Romanian|Europe
Russia|Moscow|Moscow|the Russian ruble|Russian|-
Rwanda|Kigali|Kigali|the Rwandan franc|Kinyarwanda|Africa
Saint Lucia|Castries|Castries|the East Caribbean dollar|English|North America
Samoa|Apia|Apia|the tālā|Samoan|Oceania
San Marino|-|-|the euro|Italian|Europe
Saudi Arabia|Riyadh|Riyadh|the Saudi riyal|Arabic|Asia
Senegal|Dakar|Dakar|the West African CFA franc|French|Africa
Serbia|Belgrade|Belgrade|the Serbian dinar|Serbian|Europe
Seychelles|Victoria|Victoria|the Seychellois rupee|Seychellois Creole|Africa
Sierra Leone|Freetown|Freetown|the leone|English|Africa
Slovakia|Bratislava|Bratislava|the euro|Slovak|Europe
Slovenia|Ljubljana|Ljubljana|the euro|Slovene|Europe
the Solomon Islands|Honiara|Honiara|the Solomon Islands dollar|English|Oceania
Somalia|Mogadishu|Mogadishu|the Somali shilling|Somali|Africa
South Africa|-|Johannesburg|the rand|Zulu|Africa
South Korea|Seoul|Seoul|the South Korean won|Korean|Asia
South Sudan|Juba|Juba|the South Sudanese pound|English|Africa
Spain|Madrid|Madrid|the euro|Spanish|Europe
Sri Lanka|Sri Jayawardenepura Kotte|Colombo|the Sri Lankan rupee|Sinhala|Asia
Sudan|Khartoum|-|the Sudanese pound|Arabic|Africa
Suriname|Paramaribo|Paramaribo|the Surinamese dollar|Dutch|South America
Sweden|Stockholm|Stockholm|the Swedish krona|Swedish|Europe
Switzerland|Bern|Zurich|the Swiss franc|German|Europe
Syria|Damascus|-|-|Arabic|Asia
Tajikistan|Dushanbe|Dushanbe|the somoni|Tajik|Asia
Tanzania|Dodoma|Dar es Salaam|the Tanzanian shilling|Swahili|Africa
Thailand|Bangkok|Bangkok|the baht|Thai|Asia
Timor-Leste|Dili|Dili|the US dollar|Tetum|Asia
Togo|Lomé|Lomé|the West African CFA franc|French|Africa
Tonga|Nuku'alofa|Nuku'alofa|the paʻanga|Tongan|Oceania
Trinidad and Tobago|Port of Spain|-|the Trinidad and Tobago dollar|English|North America
Tunisia|Tunis|Tunis|the Tunisian dinar|Arabic|Africa
Turkey|Ankara|Istanbul|the Turkish lira|Turkish|-
Turkmenistan|Ashgabat|Ashgabat|the Turkmen manat|Turkmen|Asia
Tuvalu|Funafuti|Funafuti|the Australian dollar|Tuvaluan|Oceania
Uganda|Kampala|Kampala|the Ugandan shilling|English|Africa
Ukraine|Kyiv|Kyiv|the hryvnia|Ukrainian|Europe
the United Arab Emirates|Abu Dhabi|Dubai|the UAE dirham|Arabic|Asia
the United Kingdom|London|London|the pound sterling|-|Europe
the United States|Washington, D.C.|New York City|the US dollar|-|North America
Uruguay|Montevideo|Montevideo|the Uruguayan peso|-|South America
Uzbekistan|Tashkent|Tashkent|the Uzbek som|Uzbek|Asia
Vanuatu|Port Vila|Port Vila|the vatu|Bislama|Oceania
Venezuela|Caracas|Caracas|the bolívar|Spanish|South America
Vietnam|Hanoi|Ho Chi Minh City|the đồng|Vietnamese|Asia
Yemen|-|-|the Yemeni rial|Arabic|Asia
Zambia|Lusaka|Lusaka|the Zambian kwacha|English|Africa
Zimbabwe|Harare|Harare|-|Shona|Africa
`;
