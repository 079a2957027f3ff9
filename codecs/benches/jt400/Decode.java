// Records to JSON lines with IBM's own converters (jt400), for the comparison in docs/performance.md.
//
//     java -cp jt400-21.0.6.jar codecs/benches/jt400/Decode.java SHAPE FILE
//
// SHAPE is display, packed or pmtrd; FILE is what `cargo bench -p fpp-codecs --bench decode -- write FOLDER` wrote.
// One converter object a field, made once; lines go to one buffer that is begun again when it is full. Prints MiB of
// input in a second of this thread's processor time, the median of nine passes after warming up, and the good records.

import com.ibm.as400.access.AS400DataType;
import com.ibm.as400.access.AS400Float4;
import com.ibm.as400.access.AS400PackedDecimal;
import com.ibm.as400.access.AS400Text;
import com.ibm.as400.access.AS400ZonedDecimal;
import java.lang.management.ManagementFactory;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

public class Decode {
    static final int BLOCK = 256 * 1024;

    record Field(String key, AS400DataType type, int at) {}

    static List<Field> fields = new ArrayList<>();
    static int length = 0;

    static void add(String name, AS400DataType type) {
        fields.add(new Field((fields.isEmpty() ? "\"" : ",\"") + name + "\":", type, length));
        length += type.getByteLength();
    }

    static String shape(String name) {
        switch (name) {
            case "display" -> {
                for (int n = 1; n <= 10; n++) add(String.format("F%02d", n), new AS400Text(50, 37));
                return "DISPLAY";
            }
            case "packed" -> {
                for (int n = 1; n <= 10; n++) add(String.format("F%02d", n), new AS400PackedDecimal(11, 2));
                return "COMP3";
            }
            default -> {
                String[] all = ("RECTYP A1,SEQNO S9,TRDNO A20,MATNO A20,ORDNO A20,TRDDAT S8,ACTDAT P7,TRDTS A26,MKTID A2,"
                    + "INSTID A12,INSTNM A34,BSFLG A1,OFFFLG A1,LOTS P9,QTY P13.4,UNIT A2,PRICE P11.4,AMT P17.2,FEE P11.2,"
                    + "PNL P15.2,CCY A3,CUSTNO A16,CUSTNM A84,ACCTNO A24,BRNO A6,CHNL A3,CPTY A8,STAT A2,ORGNO A20,"
                    + "VALDAT A10,EXRATE F4").split(",");
                for (String one : all) {
                    String[] parts = one.split(" ");
                    String[] size = parts[1].substring(1).split("\\.");
                    int digits = Integer.parseInt(size[0]), decimals = size.length > 1 ? Integer.parseInt(size[1]) : 0;
                    add(parts[0], switch (parts[1].charAt(0)) {
                        case 'A' -> new AS400Text(digits, 1388);
                        case 'S' -> new AS400ZonedDecimal(digits, decimals);
                        case 'P' -> new AS400PackedDecimal(digits, decimals);
                        default -> new AS400Float4();
                    });
                }
                length = 480;
                return "PMTRDD";
            }
        }
    }

    static void value(StringBuilder out, Object value) {
        if (value instanceof Float) {
            out.append(value);
            return;
        }
        out.append('"');
        if (value instanceof BigDecimal number) {
            out.append(number.toPlainString());
        } else {
            String text = (String) value;
            int end = text.length();
            while (end > 0 && text.charAt(end - 1) == ' ') end--;
            for (int at = 0; at < end; at++) {
                char c = text.charAt(at);
                if (c == '"' || c == '\\') out.append('\\');
                out.append(c);
            }
        }
        out.append('"');
    }

    static long written = 0;

    static int pass(byte[] file, String type) {
        StringBuilder out = new StringBuilder(BLOCK + 4096);
        int good = 0;
        for (int at = 0, n = 1; at + length <= file.length; at += length, n++) {
            int start = out.length();
            out.append("{\"n\":").append(n).append(",\"offset\":").append(at).append(",\"type\":\"").append(type);
            out.append("\",\"fields\":{");
            try {
                for (Field field : fields) {
                    out.append(field.key);
                    value(out, field.type.toObject(file, at + field.at));
                }
                out.append("}}\n");
                good++;
            } catch (RuntimeException bad) {
                out.setLength(start);
            }
            if (out.length() > BLOCK) {
                written += out.toString().getBytes(StandardCharsets.UTF_8).length;
                out.setLength(0);
            }
        }
        written += out.length();
        return good;
    }

    public static void main(String[] args) throws Exception {
        byte[] file = Files.readAllBytes(Path.of(args[1]));
        String type = shape(args[0]);
        var clock = ManagementFactory.getThreadMXBean();
        for (int warm = 0; warm < 6; warm++) pass(file, type);
        double[] speeds = new double[9];
        int good = 0;
        for (int run = 0; run < speeds.length; run++) {
            long before = clock.getCurrentThreadCpuTime();
            good = pass(file, type);
            speeds[run] = file.length / 1048576.0 / ((clock.getCurrentThreadCpuTime() - before) / 1e9);
        }
        Arrays.sort(speeds);
        System.out.printf("%-10s %-26s %6.0f MiB/s  %d good of %d%n", args[0], "jt400, JSON lines", speeds[4], good,
            file.length / length);
    }
}
