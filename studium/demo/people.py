"""Who lives in the demo school: a few people with log-ins of their own, and a few hundred learners."""

from dataclasses import dataclass
from random import Random

from studium.models import Role

PASSWORD = "learn-with-studium-demo"  # noqa: S105 -- the demo school's log-ins are public.
"""The password of everybody in the demo school."""
DOMAIN = "demo.studium.example"
LEARNERS = 300


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the demo school."""

    email: str
    full_name: str
    role: Role


ADMIN = Person(f"admin@{DOMAIN}", "Rosa Okonkwo", Role.ADMIN)
LEARNER = Person(f"learner@{DOMAIN}", "Sam Lindqvist", Role.STUDENT)
"""The learner who is shown around: half-way through one course, done with another."""
INSTRUCTORS = (
    Person(f"ada@{DOMAIN}", "Ada Bergström", Role.INSTRUCTOR),
    Person(f"omar@{DOMAIN}", "عمر الخيّام", Role.INSTRUCTOR),
    Person(f"mei@{DOMAIN}", "李雷", Role.INSTRUCTOR),
    Person(f"neha@{DOMAIN}", "नेहा शर्मा", Role.INSTRUCTOR),
    Person(f"lukasz@{DOMAIN}", "Łukasz Żółć", Role.INSTRUCTOR),
)

_FIRST = """Aaliyah Adam Aisha Akira Alba Amara Amir Ana Anders Anika Anton Aria Arjun Astrid Ayo Beatriz Benjamin Bianca
Bruno Camila Carlos Chiara Chidi Clara Daniel Daria David Deniz Diego Dilnoza Dina Elena Elif Emeka Emil Emma Esra Eva
Fatima Felix Finn Freya Gabriel Giulia Goran Grace Hana Hassan Helga Hugo Ibrahim Ida Ines Ivan Jae Jan Jasmin João Jonas
Jun Kaan Karim Katya Kenji Kofi Lars Laila Lea Leo Lina Linh Luca Lucía Maja Malik Mara Marco Maria Mateo Maya Mei Mila
Minh Mohammed Nadia Nana Nia Nils Noah Nora Olga Oscar Pablo Petra Priya Rania Ravi Rosa Ruth Saida Samir Sana Sara Sofia
Soren Stella Sven Tariq Thandi Theo Tomás Uma Valeria Viktor Wei Yara Yasmin Yuki Zainab Zoë""".split()
_LAST = """Abdi Adeyemi Ahmed Ali Andersen Baker Bauer Becker Costa Cruz Dahl Diaz Dubois Eriksen Fernández Fischer Garcia
Haddad Hansen Hernández Hoang Ito Ivanova Jansen Jensen Johansson Kaya Keller Khan Kim Kovács Kowalska Kumar Larsen Lee
López Mäkinen Martin Mbeki Mensah Meyer Moreau Mwangi Nakamura Nguyen Novák Nowak Ndiaye Okafor Olsen Osei Patel Pereira
Petrova Popescu Ramos Reyes Rossi Sahin Santos Sato Schmidt Silva Singh Smith Sørensen Suzuki Tan Tanaka Torres Tran
Vargas Virtanen Wagner Wang Weber Yılmaz Zhang Zhou""".split()


def learners(chance: Random) -> list[Person]:
    """The learners, the same each time for the same `chance`; the first is the one who is shown around."""
    names = sorted({f"{chance.choice(_FIRST)} {chance.choice(_LAST)}" for _ in range(LEARNERS * 2)})
    chance.shuffle(names)
    made = (
        Person(f"learner{number:03}@{DOMAIN}", name, Role.STUDENT)
        for number, name in enumerate(names[: LEARNERS - 1], 1)
    )
    return [LEARNER, *made]
