//! The words that templates are filled with.

pub const FIRST_NAMES: &[&str] = &[
    "Ada", "Aisha", "Alan", "Amara", "Anders", "Beatriz", "Boris", "Carmen", "Chidi", "Clara", "Dara", "Diego",
    "Edsger", "Elena", "Emre", "Farah", "Grace", "Hana", "Hugo", "Ines", "Ivan", "Jonas", "Kai", "Katja", "Lena",
    "Liam", "Mara", "Mei", "Milan", "Nadia", "Niko", "Noor", "Olga", "Oscar", "Priya", "Rosa", "Sami", "Tariq", "Uma",
    "Viktor", "Wanda", "Yuki", "Zoe",
];

pub const LAST_NAMES: &[&str] = &[
    "Adler", "Baker", "Brandt", "Castillo", "Chen", "Costa", "Dijk", "Eriksen", "Fischer", "Garcia", "Haas", "Hopper",
    "Ito", "Jansen", "Khan", "Kowalski", "Kumar", "Larsen", "Lovelace", "Martin", "Meyer", "Moreau", "Nguyen", "Novak",
    "Okafor", "Park", "Petrov", "Quinn", "Rossi", "Sato", "Schmidt", "Silva", "Tanaka", "Torres", "Umar", "Vidal",
    "Weber", "Yilmaz", "Zhang",
];

pub const CITIES: &[&str] = &[
    "Amsterdam",
    "Athens",
    "Bangkok",
    "Barcelona",
    "Berlin",
    "Bogota",
    "Boston",
    "Brisbane",
    "Cairo",
    "Chicago",
    "Copenhagen",
    "Dakar",
    "Dublin",
    "Geneva",
    "Hanoi",
    "Helsinki",
    "Istanbul",
    "Jakarta",
    "Kyoto",
    "Lagos",
    "Lima",
    "Lisbon",
    "London",
    "Madrid",
    "Melbourne",
    "Montreal",
    "Mumbai",
    "Nairobi",
    "Osaka",
    "Oslo",
    "Paris",
    "Prague",
    "Quito",
    "Rome",
    "Seoul",
    "Sofia",
    "Tallinn",
    "Toronto",
    "Vienna",
    "Warsaw",
    "Zurich",
];

pub const COUNTRIES: &[&str] = &[
    "Argentina",
    "Australia",
    "Austria",
    "Belgium",
    "Brazil",
    "Canada",
    "Chile",
    "China",
    "Colombia",
    "Denmark",
    "Egypt",
    "Estonia",
    "Finland",
    "France",
    "Germany",
    "Greece",
    "India",
    "Indonesia",
    "Ireland",
    "Italy",
    "Japan",
    "Kenya",
    "Mexico",
    "Netherlands",
    "New Zealand",
    "Nigeria",
    "Norway",
    "Peru",
    "Poland",
    "Portugal",
    "Senegal",
    "South Korea",
    "Spain",
    "Sweden",
    "Switzerland",
    "Thailand",
    "Turkey",
    "United Kingdom",
    "United States",
    "Vietnam",
];

pub const STATES: &[&str] = &[
    "Arizona",
    "California",
    "Colorado",
    "Florida",
    "Georgia",
    "Hawaii",
    "Idaho",
    "Illinois",
    "Maine",
    "Michigan",
    "Montana",
    "Nevada",
    "New York",
    "Ohio",
    "Oregon",
    "Texas",
    "Utah",
    "Vermont",
    "Virginia",
    "Washington",
];

pub const COMPANIES: &[&str] = &[
    "Amber Mills",
    "Blue Kite Labs",
    "Cedar & Sons",
    "Delta Freight",
    "Evergreen Foods",
    "Fjord Systems",
    "Granite Works",
    "Harbor Trading",
    "Iron Lantern",
    "Juniper Air",
    "Kestrel Motors",
    "Lighthouse Media",
    "Maple Bank",
    "Nimbus Energy",
    "Orchard Health",
    "Pine Logistics",
    "Quarry Stone",
    "River Textiles",
    "Summit Tools",
    "Tidewater Optics",
];

pub const PRODUCTS: &[&str] = &[
    "Oak Chair",
    "Steel Kettle",
    "Linen Shirt",
    "Cotton Towel",
    "Desk Lamp",
    "Hiking Boots",
    "Rain Jacket",
    "Copper Pan",
    "Wool Scarf",
    "Road Bike",
    "Coffee Grinder",
    "Paper Notebook",
    "Leather Bag",
    "Glass Vase",
    "Travel Mug",
    "Wooden Puzzle",
    "Garden Hose",
    "Wall Clock",
    "Reading Lamp",
    "Picnic Blanket",
    "Phone Stand",
    "Yoga Mat",
    "Tea Set",
    "Tool Box",
];

pub const DEPARTMENTS: &[&str] =
    &["Books", "Clothing", "Electronics", "Garden", "Grocery", "Health", "Home", "Music", "Outdoors", "Sports", "Toys"];

pub const COLORS: &[&str] = &[
    "amber", "black", "blue", "brown", "coral", "cyan", "gold", "green", "grey", "indigo", "ivory", "lime", "magenta",
    "orange", "pink", "purple", "red", "silver", "teal", "violet", "white", "yellow",
];

/// Lower case, ASCII: they also stand in addresses.
pub const WORDS: &[&str] = &[
    "apple", "arrow", "basin", "beacon", "birch", "bridge", "canyon", "carbon", "cedar", "cloud", "coast", "comet",
    "copper", "coral", "cotton", "crane", "delta", "desert", "ember", "falcon", "field", "flint", "forest", "garden",
    "glacier", "grain", "harbor", "hazel", "heron", "hill", "island", "ivory", "jade", "juniper", "lake", "lantern",
    "laurel", "lemon", "lilac", "maple", "marble", "meadow", "mint", "moss", "north", "oak", "ocean", "olive", "orbit",
    "otter", "paper", "pearl", "pine", "planet", "plum", "pond", "prairie", "quartz", "rain", "raven", "reef", "river",
    "robin", "sage", "sail", "sand", "shore", "silver", "slate", "snow", "spruce", "stone", "storm", "stream",
    "summit", "sun", "thistle", "tide", "timber", "trail", "valley", "violet", "water", "willow", "wind", "winter",
    "wren",
];

pub const TOP_DOMAINS: &[&str] = &["com", "org", "net", "io", "example"];

pub const PATH_ENDS: &[&str] = &["", "", "", "/", ".html", "/index.html", ".json"];

pub const METHODS: &[&str] =
    &["GET", "GET", "GET", "GET", "GET", "GET", "GET", "GET", "POST", "POST", "PUT", "DELETE", "HEAD"];

/// Those that succeed come more often.
pub const STATUS_CODES: &[&str] = &[
    "200", "200", "200", "200", "200", "200", "200", "200", "200", "200", "200", "200", "204", "301", "302", "304",
    "304", "400", "401", "403", "404", "404", "500", "503",
];

pub const USER_AGENTS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
    "curl/8.8.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
];
